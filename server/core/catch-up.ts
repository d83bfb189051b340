/**
 * CatchUp: whether this relay has on its disk what the client of one session has seen elsewhere, by its token [P6].
 *
 *     begin(token) ──all of it is here, or no token──────────────────────────▶ nothing to say
 *          └─▶ sought at other relays ──2 s, or no relay has it──▶ the client is told "behind"
 *                    └──found──▶ nothing to say                        ├──no relay has it──▶ told that, too
 *                                                                      └──found──▶ told that this is over, with a new token
 *
 * The session goes on meanwhile: what is here is sent, and what the client has is taken. Only the words that all of it was sent wait.
 *
 * Invariants: a token that this mesh did not make, or that speaks of another document or generation, is none; what is
 * lacking is said when that changes, and taken back when all that the token names is on this disk; after `end` nothing is said.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Lacking } from "@inkmesh/shared/wire/client-message";
import type { Found } from "./gossip/seekers.ts";
import { knownDurable } from "./gossip/room-copy.ts";
import type { Line } from "./line.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { behindAfterMs, seenBefore } from "./seen-before.ts";

interface CatchUpOptions {
  readonly context: RelayContext;
  readonly line: Line;
  readonly room: Room;
  readonly channel: number;
  /** Tells the client how far the room is on disk, behind all that is on its way to it. */
  readonly tellClock: () => void;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  #state: "idle" | "waiting" | "behind" | "ended" = "idle";
  #waiting: (() => void)[] = [];
  #stop = (): void => undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Looks for what `token` names and this disk lacks. */
  begin(token: string): void {
    const { context, room, line, channel } = this.#options;
    if (token === "" || !line.hearsBehind) return;
    const seen = seenBefore(room, token, context.tokenSecret);
    if (!seen.ok || knownDurable(room).covers(seen.value)) return;
    this.#state = "waiting";
    context.deadlines.set({ type: "catch-up", connection: line.id, channel }, context.now.monotonicMs + behindAfterMs);
    this.#seek(seen.value);
  }

  /** Runs `then` when the relay has caught up, or the client was told that it has not. */
  whenTold(then: () => void): void {
    if (this.#state === "waiting") this.#waiting.push(then);
    else then();
  }

  /** It takes too long. */
  overdue(): void {
    if (this.#state === "waiting") this.#sayBehind("awaited");
  }

  end(): void {
    this.#state = "ended";
    this.#stop();
    this.#clearDeadline();
    this.#waiting = [];
  }

  #seek(clock: VectorClock): void {
    const { room } = this.#options;
    this.#stop = room.replication.seekers.seek(clock, (found) => this.#found(found));
    room.touched();
  }

  #found(found: Found): void {
    if (this.#state === "ended") return;
    if (found === "nowhere") return this.#sayBehind("lost");
    if (this.#state === "behind") {
      this.#options.tellClock();
      this.#say("nothing");
    }
    this.#state = "idle";
    this.#goOn();
  }

  #sayBehind(lacks: Lacking): void {
    this.#say(lacks);
    this.#state = "behind";
    this.#goOn();
  }

  #say(lacks: Lacking): void {
    const { line, room } = this.#options;
    line.send({ type: "behind", handle: room.handle, lacks });
  }

  #goOn(): void {
    this.#clearDeadline();
    for (const then of this.#waiting.splice(0)) then();
  }

  #clearDeadline(): void {
    const { context, line, channel } = this.#options;
    context.deadlines.clear({ type: "catch-up", connection: line.id, channel });
  }
}
