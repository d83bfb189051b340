/**
 * TailUpkeep: when a room's tail is made into a snapshot.
 *
 *     long        more than tailEntriesMax entries
 *     heavy       more than tailBytesMin, and more than tailShareMax of the state
 *     unlooked-at the oldest entry has waited verifyMs for a shadow document to see whether it applies
 *     many names  its clock names more actors than it need (`PrunedNames`)
 *     left behind the last session went, and there is an eighth of "long" or "heavy"
 *
 * Invariants: one compaction per room at a time; it names only what is durable; after one that failed the room rests,
 * twice as long after each further one: a room that no worker can compact in time must not keep the others from it.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Deadline } from "./deadlines.ts";
import type { PrunedNames } from "./gossip/pruned-names.ts";
import type { RelayContext } from "./relay-context.ts";
import type { RoomContent } from "./room-content.ts";
import type { RoomLog } from "./room-log.ts";
import type { Compaction } from "./stored-room.ts";

/** Milliseconds before a compaction that failed is tried again: it may be a full disk. */
const restMs = 30_000;
const restMsMax = 3_600_000;
/** What is worth compacting when everybody has left, as a share of what is worth it while they are here. */
const leftBehindShare = 1 / 8;
/** Entries that come until it is looked again which of as many actors need no name. */
const lookEvery = 16;

type Names = Pick<PrunedNames, "isTold" | "mayPrune" | "prunable" | "unnaming">;

export class TailUpkeep {
  readonly #context: RelayContext;
  readonly #deadline: Deadline;
  #isRunning = false;
  #restUntilMs = 0;
  #failures = 0;
  readonly #names: () => Names;
  /** What was there when it was looked which actors need no name: to look is to go through the tail. */
  #looked = "";

  constructor(context: RelayContext, room: RoomName, names: () => Names) {
    this.#context = context;
    this.#names = names;
    this.#deadline = { type: "verify-tail", room };
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** There may be entries that no shadow document has seen: looks at them within `verifyMs`, or after the rest. */
  watch(content: RoomContent): void {
    const { deadlines, limits, now } = this.#context;
    if (content.tail.length === 0) deadlines.clear(this.#deadline);
    else if (!deadlines.has(this.#deadline)) deadlines.set(this.#deadline, Math.max(now.monotonicMs + limits.verifyMs, this.#restUntilMs));
  }

  isDue(content: RoomContent, leftBehind: boolean): boolean {
    const { limits, now } = this.#context;
    if (this.#isRunning || now.monotonicMs < this.#restUntilMs) return false;
    const share = leftBehind ? leftBehindShare : 1;
    const stateBytes = content.snapshot?.state.length ?? 0;
    const heavy = Math.max(limits.tailBytesMin, limits.tailShareMax * stateBytes);
    const isLong = content.tail.length > limits.tailEntriesMax * share || content.tailBytes > heavy * share;
    return isLong || this.#namesMany(content);
  }

  /** Whether nobody has it open is decided by then, and other relays may have said what they have. */
  isDueAfterTurn(content: RoomContent, leftBehind: boolean): boolean {
    return leftBehind ? this.isDue(content, true) : !this.#context.placement.isAlone && this.#namesMany(content);
  }

  #namesMany({ clock, tail }: RoomContent): boolean {
    if (this.#isRunning || this.#context.now.monotonicMs < this.#restUntilMs) return false;
    const names = this.#names();
    if (names.isTold) return true;
    if (clock.size <= this.#context.limits.clockActorsMax) this.#looked = "";
    const now = `${clock.size} ${Math.floor(tail.length / lookEvery)}`;
    if (now === this.#looked || !names.mayPrune) return false;
    this.#looked = now;
    return names.prunable().size > 0;
  }

  /** Asks for a snapshot of what is durable; `then` gets the answer. Whether there was anything to ask for. */
  run(content: RoomContent, log: RoomLog, then: (result: Result<Compaction>) => void): boolean {
    const upTo = log.durableClock;
    if (this.#isRunning || (content.tail.length === log.waiting && !this.#names().isTold)) return false;
    this.#isRunning = true;
    this.#context.deadlines.clear(this.#deadline);
    const seq = this.#context.compactions.ask((result) => {
      this.#isRunning = false;
      this.#failures = result.ok ? 0 : this.#failures + 1;
      if (!result.ok) this.#restUntilMs = this.#context.now.monotonicMs + Math.min(restMs * 2 ** (this.#failures - 1), restMsMax);
      then(result);
    });
    this.#context.effect({ type: "compact-room", lineage: log.lineage, seq, upTo, unnaming: this.#names().unnaming() });
    return true;
  }
}
