/**
 * RoomTurns: what waits to be said about rooms over one link. Rooms take turns, so that one with megabytes to say delays the word of
 * another by a share of the link, and not by its own length.
 *
 *     room a  ▮▮▮▮▮▮▮▮▮▮▮▮        a share of a, a share of b, c, a share of a, …
 *     room b  ▮▮▮▮▮
 *     room c  ▮                   what is about many rooms has a turn as if it were one, and so have histories, and images, of whatever room
 *
 * Surplus round robin (Adiseshu, Parulkar, Varghese, "A Reliable and Scalable Striping Protocol", SIGCOMM 1996): whoever is in turn
 * speaks until its share is used up; a last message that is longer than what was left of it is owed, and costs later turns. The bytes
 * of a message are known only when it is spoken, since what a link remembers decides them.
 *
 * Invariants: what is said of one room keeps its order, and so do histories and images; nobody who waits is passed over; `bytes` is about the sum of what waits.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { RingId, RoomName } from "@inkmesh/shared/base/ids";
import { roomOf, type MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { isAboutHistory } from "@inkmesh/shared/wire/mesh-history-message";
import { messageBytes } from "./message-bytes.ts";

export interface WaitingMessage {
  readonly ring: RingId;
  readonly message: MeshRoomMessage;
}

/** No rooms are named so. */
const histories = "\n";
const images = "\n\n";

type TurnKey = RoomName | typeof histories | typeof images | undefined;

interface Waiting extends WaitingMessage {
  readonly bytes: number;
}

interface Turn {
  messages: Waiting[];
  /** How many of `messages` are gone already. */
  gone: number;
  /** Bytes that are left of its share; negative: owed. */
  left: number;
}

export class RoomTurns {
  readonly #shareBytes: number;
  /** The first is in turn. */
  readonly #turns = new Map<TurnKey, Turn>();
  #bytes = 0;

  constructor(shareBytes: number) {
    this.#shareBytes = shareBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(ring: RingId, message: MeshRoomMessage): void {
    const room = turnOf(message);
    const turn = this.#turns.get(room) ?? { messages: [], gone: 0, left: this.#shareBytes };
    const bytes = messageBytes(message);
    turn.messages.push({ ring, message, bytes });
    this.#turns.set(room, turn);
    this.#bytes += bytes;
  }

  /** Takes what is to be said next; undefined when nothing waits. */
  next(): WaitingMessage | undefined {
    for (const [room, turn] of this.#turns) {
      if (turn.left > 0) return this.#take(turn);
      turn.left += this.#shareBytes;
      // Behind all others.
      this.#turns.delete(room);
      this.#turns.set(room, turn);
    }
    return undefined;
  }

  /** What was taken last came to so many bytes. */
  spoken({ message }: WaitingMessage, bytes: number): void {
    const room = turnOf(message);
    const turn = this.#turns.get(room);
    assert(turn !== undefined, "who spoke was in turn");
    turn.left -= bytes;
    if (turn.gone === turn.messages.length) this.#turns.delete(room);
  }

  #take(turn: Turn): Waiting {
    const taken = turn.messages[turn.gone]!;
    turn.gone += 1;
    this.#bytes -= taken.bytes;
    if (turn.gone > 1_024) {
      turn.messages = turn.messages.slice(turn.gone);
      turn.gone = 0;
    }
    return taken;
  }
}

function turnOf(message: MeshRoomMessage): TurnKey {
  // What is said of an image is short, but for itself.
  if (message.type === "blob-part") return images;
  return isAboutHistory(message) ? histories : roomOf(message);
}
