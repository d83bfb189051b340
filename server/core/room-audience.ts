/**
 * RoomAudience: the sessions that are in a room, and what goes to all of them: encoded once per dialect.
 *
 * What a turn admitted leaves at its end, or before somebody joins who is sent it with the state.
 */
import type { SeatId } from "@inkmesh/shared/base/ids";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { FanOut } from "./fan-out.ts";
import { audience, type Participant, type Topic } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import { updateFrames } from "./update-frames.ts";

/** Everybody, but for what is said here. */
interface Addressees {
  readonly only?: SeatId;
  readonly except?: readonly SeatId[];
}

export class RoomAudience {
  readonly #context: RelayContext;
  readonly #handle: number;
  readonly #participants = new Set<Participant>();
  readonly #fanOut = new FanOut();

  constructor(context: RelayContext, handle: number) {
    this.#context = context;
    this.#handle = handle;
  }

  get size(): number {
    return this.#participants.size;
  }

  /** Those who are here now; they may leave while they are told something. */
  all(): readonly Participant[] {
    return [...this.#participants];
  }

  add(participant: Participant): void {
    this.#participants.add(participant);
  }

  /** Whether it was here. */
  remove(participant: Participant): boolean {
    return this.#participants.delete(participant);
  }

  /** `author` need not hear its own; undefined: nobody here wrote it. */
  note(payload: Uint8Array, author: SeatId | undefined): void {
    this.#fanOut.add(payload, author);
  }

  /** What was noted so far goes out. */
  flush(): void {
    const turn = this.#fanOut.take();
    if (turn === undefined) return;
    const { chunkBytes } = this.#context.limits;
    const framesIn = (dialect: Dialect): readonly Uint8Array[] =>
      updateFrames(turn.payloads, { dialect, handle: this.#handle, chunkBytes });
    this.send("updates", framesIn, { except: turn.author === undefined ? [] : [turn.author] });
    for (const participant of this.all()) participant.heard?.(turn);
  }

  send(topic: Topic, framesIn: (dialect: Dialect) => readonly Uint8Array[], { only, except = [] }: Addressees = {}): void {
    const participants = only === undefined ? this.all() : this.all().filter(({ seat }) => seat === only);
    for (const { frames, to } of audience(participants, topic, framesIn, except)) this.#context.effect({ type: "send", to, frames });
  }
}
