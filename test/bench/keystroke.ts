/**
 * Keystrokes as y-websocket frames, made and read without a document, so that the generator costs little: author k
 * types one character after the other, each hanging on its author's last.
 *
 *     00 02 length │ 1 client │ 1 struct │ author │ clock │ struct │ 0 deletions
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

const stringContent = 4;
const withOrigin = 0x80;

/** The update: character `clock` of an author, or several from there on; the first hangs on the root "text". */
export function keystroke(author: number, clock: number, text = "x"): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, author);
    encoding.writeVarUint(encoder, clock);
    if (clock === 0) {
      encoding.writeUint8(encoder, stringContent);
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarString(encoder, "text");
    } else {
      encoding.writeUint8(encoder, stringContent | withOrigin);
      encoding.writeVarUint(encoder, author);
      encoding.writeVarUint(encoder, clock - 1);
    }
    encoding.writeVarString(encoder, text);
    encoding.writeVarUint(encoder, 0);
  });
}

/** The same as a y-websocket message. */
export function keystrokeFrame(author: number, clock: number): Uint8Array {
  return editFrame(keystroke(author, clock));
}

/** An update as a y-websocket message. */
export function editFrame(update: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint8Array(encoder, update);
  });
}

/** Who typed what in a frame; undefined for a frame that is no keystroke. */
export function readKeystroke(frame: Uint8Array): { readonly author: number; readonly clock: number } | undefined {
  if (frame[0] !== 0 || frame[1] !== 2) return undefined;
  const decoder = decoding.createDecoder(frame);
  decoder.pos = 2;
  decoding.readVarUint(decoder);
  if (decoding.readVarUint(decoder) !== 1 || decoding.readVarUint(decoder) !== 1) return undefined;
  return { author: decoding.readVarUint(decoder), clock: decoding.readVarUint(decoder) };
}
