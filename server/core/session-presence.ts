/**
 * SessionPresence: what one session hears and says of who is in the room, and what it says to all who are.
 *
 * A socket on which too much is unsent misses cursors first; once it takes more again, it is told of all of them as they are then.
 */
import type { SeatId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Joiner } from "./joiner.ts";
import type { Line } from "./line.ts";
import type { Topic } from "./participant.ts";
import type { Room } from "./room.ts";

interface SessionPresenceOptions {
  readonly line: Line;
  readonly room: Room;
  readonly seat: SeatId;
  readonly joiner: Joiner;
  readonly principal: () => string;
  readonly report: (refusal: Refusal) => void;
}

export class SessionPresence {
  readonly #options: SessionPresenceOptions;
  #hasMissed = false;

  constructor(options: SessionPresenceOptions) {
    this.#options = options;
  }

  /** Whether something about `topic` may go to the socket now. */
  hears(topic: Topic): boolean {
    const { line } = this.#options;
    if (topic === "presence-count" && !line.hearsCount) return false;
    const isMissed = topic.startsWith("presence") && line.isCongested;
    this.#hasMissed ||= isMissed;
    return !isMissed;
  }

  /** The socket takes more again: cursors that were left out are sent. */
  relieved(): void {
    if (!this.#hasMissed) return;
    this.#hasMissed = false;
    this.#options.joiner.sendPresence(true);
  }

  received(bytes: Uint8Array): void {
    const { line, room, seat, principal, report } = this.#options;
    const outcome = room.presence.receive({ seat, principal: principal() }, bytes);
    if (!outcome.ok) return report(outcome.refusal);
    const { correction, leftOut } = outcome.value;
    if (leftOut > 0) report({ code: "PRESENCE_REFUSED", detail: `${leftOut} ids too many` });
    if (correction !== undefined) line.send({ type: "presence", handle: room.handle, bytes: correction });
  }

  say(text: string): void {
    const { room, seat, report } = this.#options;
    if (!room.presence.say(text, seat)) report({ code: "PRESENCE_REFUSED", detail: `${text.length} characters to all` });
  }
}
