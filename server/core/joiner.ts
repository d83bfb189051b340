/**
 * Joiner: brings one session up to date with its room, and from then on lets it hear what comes.
 *
 * The state that is here now is sent as the plan says; whatever is admitted afterwards follows, so nothing is missed and
 * little is sent twice. `synced` (with the token) comes when everything that was sent is on disk, and the relay has caught up with
 * what the client has seen elsewhere, or has said that it has not.
 *
 * Invariants: [C3] a token names only what is on disk; a difference that a worker is making holds back what comes
 * behind it; should the worker fail, everything is sent instead, which is never wrong.
 */
import type { Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CatchUp } from "./catch-up.ts";
import type { Delivery } from "./delivery.ts";
import { planJoin, type JoinerState } from "./join-plan.ts";
import type { Line } from "./line.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { answerFrames } from "./update-frames.ts";

interface JoinerOptions {
  readonly context: RelayContext;
  readonly line: Line;
  readonly room: Room;
  readonly delivery: Delivery;
  readonly catchUp: CatchUp;
  /** Whether the session may still be sent something. */
  readonly isLive: () => boolean;
}

export class Joiner {
  readonly #options: JoinerOptions;
  /** What the client said that it has. */
  #has = VectorClock.empty;

  constructor(options: JoinerOptions) {
    this.#options = options;
  }

  /** Sends what the client lacks, as far as it is here now. */
  join(joiner: JoinerState): void {
    const { context, line, room, delivery } = this.#options;
    room.flushFanOut();
    this.#has = joiner.clock ?? VectorClock.empty;
    const plan = planJoin(room.content, joiner, 2 * context.limits.content.authorsPerRoomMax);
    if (!plan.ok) return line.refuse(plan.refusal);
    const { value } = plan;
    switch (value.type) {
      case "entries":
        return this.#deliver([this.#framesOf(value.entries.map((entry) => entry.payload))]);
      case "whole":
        return this.#deliver(room.frames.whole(room.content, value.head, line.dialect));
      case "difference":
        delivery.hold();
        return room.call({ type: "diff", parts: value.parts, stateVector: joiner.stateVector }, (result) =>
          this.#deliverDifference(result, value.parts),
        );
    }
  }

  /** Who is in the room, as far as that is shown. `isLate`: it was told before, and may have missed something since. */
  sendPresence(isLate: boolean): void {
    const { line, room } = this.#options;
    const { bytes, count } = room.presence.snapshot();
    if (bytes !== undefined) line.send({ type: "presence", handle: room.handle, bytes });
    if (line.hearsCount && (isLate || count.present > 0)) line.send(count);
  }

  #deliverDifference(result: Result<Uint8Array>, parts: readonly Uint8Array[]): void {
    const { context, line, room, isLive } = this.#options;
    if (!isLive()) return;
    if (!result.ok) context.report({ type: "refused", refusal: result.refusal, connection: line.id, room: room.name });
    this.#deliver([this.#framesOf(result.ok ? [result.value] : parts)]);
  }

  #framesOf(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    const { context, line, room } = this.#options;
    return answerFrames(parts, { dialect: line.dialect, handle: room.handle, chunkBytes: context.limits.chunkBytes });
  }

  #deliver(lists: readonly (readonly Uint8Array[])[]): void {
    const { line, delivery } = this.#options;
    for (const frames of lists) line.sendState(frames);
    for (const frames of delivery.start()) line.sendFrames(frames);
    this.sendPresence(false);
    if (line.dialect.acknowledges) this.#promiseSynced();
  }

  #promiseSynced(): void {
    const { line, room, catchUp, isLive } = this.#options;
    catchUp.whenTold(() => {
      const { clock: named, pruned } = room.content;
      // A client takes a clock that does not name all that its own does for that of a relay which lost something.
      const clock = named.join(this.#has.within(pruned));
      const say = (): void => {
        if (!isLive()) return;
        // The client has everything that the content's hash speaks of before it reads the hash.
        room.flushFanOut();
        line.send({ type: "synced", handle: room.handle, ...room.log.horizon(clock), content: room.content.hash() });
      };
      room.log.whenDurable(say, isLive);
    });
  }
}
