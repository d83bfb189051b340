/**
 * SocketWriter: puts WebSocket messages on a socket with one write per socket and turn.
 *
 * The kernel's write is the wall (5 to 10 µs against 0.1 µs for framing), so what a turn has for a socket leaves in one.
 * A list of messages that goes to many sockets is the same array each time: it is framed once, and its bytes are shared.
 * ws frames its own pongs and closes on the same socket, synchronously and uncompressed, so whole frames never mix.
 *
 *     server frame (RFC 6455, 5.2), FIN and binary, unmasked:
 *     0x82, length < 126                       payload
 *     0x82, 126, length as 16 bits             payload
 *     0x82, 127, length as 64 bits             payload
 *
 * Lives for one turn. Knows nothing of rooms or of who is behind a socket.
 */
import type { Duplex } from "node:stream";

/** Payloads up to here are copied behind their headers; larger ones keep their own bytes. */
const copyBytesMax = 16 * 1024;
/** Separate pieces up to here together are joined into one buffer: cheaper than a gathering write. */
const joinBytesMax = 32 * 1024;

/** A list of messages as bytes for a socket. */
export interface FramedList {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly frames: number;
}

/** Frames of one turn: each list is framed once, however many sockets it goes to. */
export class SocketWriter {
  readonly #framed = new Map<readonly Uint8Array[], FramedList>();

  /** Writes all lists, in order, in one write; `written` is called when the kernel has taken it all, or the socket failed. */
  write(socket: Duplex, lists: readonly (readonly Uint8Array[])[], written: () => void): { bytes: number; frames: number } {
    const framed = lists.map((list) => this.framed(list));
    const bytes = sum(framed, (list) => list.bytes);
    const pieces = framed.length === 1 ? framed[0]!.pieces : framed.flatMap((list) => list.pieces);
    writePieces(socket, pieces.length > 1 && bytes <= joinBytesMax ? [Buffer.concat(pieces, bytes)] : pieces, written);
    return { bytes, frames: sum(framed, (list) => list.frames) };
  }

  framed(list: readonly Uint8Array[]): FramedList {
    const known = this.#framed.get(list);
    if (known !== undefined) return known;
    const pieces = piecesOf(list);
    const framed = { pieces, bytes: sum(pieces, (piece) => piece.length), frames: list.length };
    this.#framed.set(list, framed);
    return framed;
  }
}

/** Headers and payloads in order, with neighbours that are small joined. */
function piecesOf(payloads: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = (): void => {
    if (small.length > 0) pieces.push(Buffer.concat(small));
    small = [];
  };
  for (const payload of payloads) {
    small.push(frameHeader(payload.length));
    if (payload.length <= copyBytesMax) {
      small.push(payload);
      continue;
    }
    flush();
    pieces.push(payload);
  }
  flush();
  return pieces;
}

/** The header of a whole, binary, unmasked message of `length` bytes. */
export function frameHeader(length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(0x82, length);
  if (length < 0x1_0000) return Uint8Array.of(0x82, 126, length >>> 8, length & 0xff);
  const header = Buffer.alloc(10);
  header[0] = 0x82;
  header[1] = 127;
  header.writeUIntBE(length, 4, 6);
  return header;
}

function writePieces(socket: Duplex, pieces: readonly Uint8Array[], written: () => void): void {
  const last = pieces.length - 1;
  if (last > 0) socket.cork();
  pieces.forEach((piece, index) => (index === last ? socket.write(piece, written) : socket.write(piece)));
  if (last > 0) socket.uncork();
}

function sum<Item>(items: readonly Item[], size: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += size(item);
  return total;
}
