/**
 * CBOR (RFC 8949), as far as automerge-repo speaks it: maps with texts as keys, lists, texts, bytes, numbers, true, false, null and
 * undefined. What is tagged, of open length, or a whole number beyond 2^53 is refused.
 *
 * Read with cborg, not with cbor-x, which automerge-repo itself uses: that one makes room for as many list items as five bytes claim,
 * lets some tags build objects of the reader's, and loads a native module where there is one. cborg builds nothing but what it has read, but
 * knows no limit of how much and how deep that is, and reads on by calling itself; so its tokens are counted here before it sees them.
 *
 * Invariants: nothing is thrown for what bytes say; a value has at most `itemsMax` parts, `depthMax` levels, and no part of the frame in it:
 * bytes are copies.
 */
import { decode, encode, Token, Tokenizer, Type } from "cborg";
import { ok, refused, type Result } from "../base/result.ts";
import { itemsPerFrameMax } from "./byte-reader.ts";

/** Keys, values and list items in one value together. */
const itemsMax = itemsPerFrameMax;
/** The deepest message that automerge-repo has is a list in a map in a map in a map. */
const depthMax = 8;

const readOptions = { allowIndefinite: false, allowBigInt: false, rejectDuplicateMapKeys: true } as const;

/** The one value that `bytes` are. */
export function decodeCbor(bytes: Uint8Array): Result<unknown> {
  try {
    const value: unknown = decode(bytes, { ...readOptions, tokenizer: new CountedTokens(bytes) });
    return ok(value);
  } catch (error) {
    // Whatever cborg could not read, and what the tokenizer below stopped.
    return refused("BAD_FRAME", `CBOR of ${bytes.length} bytes: ${error instanceof Error ? error.message : "not readable"}`);
  }
}

/** Keys in the order in which they stand in the object; those that are undefined are left out. */
export function encodeCbor(value: Readonly<Record<string, unknown>>): Uint8Array {
  return encode(value, { mapSorter: () => 0, ignoreUndefinedProperties: true, typeEncoders: { number: floatBeyond32Bits } });
}

/** cbor-x reads a whole number of more than 32 bits as a bigint, with which its clients cannot reckon; a float it reads as what it is. */
function floatBeyond32Bits(value: number): Token | null {
  return Math.abs(value) > 0xffff_ffff ? new Token(Type.float, value) : null;
}

/** Passes tokens on as long as there are neither too many nor too many levels of them. */
class CountedTokens extends Tokenizer {
  #items = 0;
  /** Of each list and map that is open, how many items are still to come in it. */
  readonly #toCome: number[] = [];

  constructor(bytes: Uint8Array) {
    // A socket's bytes are a Buffer, whose slices would be parts of it and not copies.
    super(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), readOptions);
  }

  override next(): Token {
    const token = super.next();
    this.#items++;
    if (this.#items > itemsMax) throw new Error(`more than ${itemsMax} items`);
    this.#step(token);
    return token;
  }

  #step(token: Token): void {
    if (this.#toCome.length > 0) this.#toCome[this.#toCome.length - 1]!--;
    if (Type.equals(token.type, Type.array)) this.#toCome.push(Number(token.value));
    if (Type.equals(token.type, Type.map)) this.#toCome.push(2 * Number(token.value));
    if (this.#toCome.length > depthMax) throw new Error(`more than ${depthMax} levels`);
    while (this.#toCome.at(-1) === 0) this.#toCome.pop();
  }
}
