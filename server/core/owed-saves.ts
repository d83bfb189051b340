/**
 * OwedSaves: how often a client that counts is still to be told "one more of your updates is saved".
 *
 *     update ──let in, or known──▶ waits for its position ──enough disks have that──▶ told
 *        └──a gap, no space──▶ parked ──a state of the client that was let in whole──▶ waits for its position …
 *
 * A client that asks what it lacks counts anew and begins at one, for the state by which it answers the relay's question; what was owed
 * before is void. Further states answer further questions of the relay: the client does not count those. Nor does it count, any more, what it
 * had made before it asked, and sends behind that: a provider keeps its first updates until the relay has said something. Of deletions alone
 * nobody can tell when they were made; before the client's state is in they are taken for such, since what is told too seldom is no lie.
 *
 * Invariants: never told more often than the client counted since its last question, and of each only when it is saved [P2].
 */
import { decodeStateVector } from "@inkmesh/shared/engine/state-vector";
import { AckQueue } from "./ack-queue.ts";

export class OwedSaves {
  #acks = new AckQueue();
  #count = 0;
  #parked = 0;
  /** What the client had when it asked, until its state is in: of questions that were kept as well, and are older, the newest. */
  #asked: Map<number, number> | undefined;

  /** Updates that wait, for a disk or for what they hang on. */
  get size(): number {
    return this.#acks.size + this.#parked;
  }

  /** The client asked what it lacks, and is asked for its state. */
  begin(stateVector: Uint8Array): void {
    const clocks = decodeStateVector(stateVector);
    this.#asked ??= new Map();
    for (const [author, clock] of clocks.ok ? clocks.value : []) this.#asked.set(author, Math.max(clock, this.#asked.get(author) ?? 0));
    this.#acks = new AckQueue();
    this.#count = 0;
    this.#parked = 1;
  }

  /** What the client had when it began to count, where an edit that it made before may still come. */
  get asked(): ReadonlyMap<number, number> | undefined {
    return this.#asked;
  }

  /** An edit is in, and saved when `position` is. */
  edit(position: number): void {
    this.#count += 1;
    this.#acks.add(this.#count, position);
  }

  /** An edit is not in. */
  editMissing(): void {
    this.#parked += 1;
  }

  /** All that the client had beyond what was here is in, and saved when `position` is. */
  state(position: number): void {
    this.#asked = undefined;
    for (; this.#parked > 0; this.#parked -= 1) this.edit(position);
  }

  /** How many more are saved now that everything up to `position` is. */
  settle(position: number): number {
    return this.#acks.settle(position);
  }
}
