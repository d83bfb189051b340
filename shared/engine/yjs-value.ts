/**
 * The values inside Yjs content: lib0's "any" coding and JSON texts.
 *
 * A relay has no use for the values; it only must know that every client can read them and write them again. Readers
 * and writers of both codings recurse in lib0, in V8 and in applications, so a few kilobytes of `[[[[…` would end
 * their stacks: what nests deeper than the limit is refused here, by a loop.
 */
import { Unreadable, type ByteCursor } from "./byte-cursor.ts";

const anyObject = 118;

/** Passes over one "any" value. */
export function skipAny(cursor: ByteCursor, depthMax: number): void {
  const open: { left: number; readonly keyed: boolean }[] = [];
  for (;;) {
    const tag = cursor.byte();
    const children = skipAnyHead(cursor, tag);
    if (children !== undefined) open.push({ left: children, keyed: tag === anyObject });
    if (open.length > depthMax) throw tooDeep(depthMax);
    let innermost = open.at(-1);
    while (innermost?.left === 0) {
      open.pop();
      innermost = open.at(-1);
    }
    if (innermost === undefined) return;
    innermost.left--;
    if (innermost.keyed) cursor.stringLength();
  }
}

/** Passes over a value's own bytes; for an object or array answers how many children follow. */
function skipAnyHead(cursor: ByteCursor, tag: number): number | undefined {
  switch (tag) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
      return undefined;
    case 125:
      cursor.skipVarInt();
      return undefined;
    case 124:
      cursor.skip(4);
      return undefined;
    case 123: // float64
    case 122: // bigint
      cursor.skip(8);
      return undefined;
    case 119:
      cursor.stringLength();
      return undefined;
    case anyObject:
      return cursor.count(2);
    case 117:
      return cursor.count(1);
    case 116:
      cursor.skip(cursor.varUint());
      return undefined;
    default:
      throw new Unreadable("BAD_UPDATE", `a value of unknown kind ${tag}`);
  }
}

/**
 * Passes over the options of a subdocument: an object, since Yjs reads its fields, and one without a `guid`, since that
 * would replace the subdocument's own and may be no text at all: then nobody could encode the document any more.
 */
export function skipDocOptions(cursor: ByteCursor, depthMax: number): void {
  if (cursor.byte() !== anyObject) throw new Unreadable("BAD_UPDATE", "a subdocument's options are no object");
  for (let left = cursor.count(2); left > 0; left--) {
    if (cursor.string() === "guid") throw new Unreadable("BAD_UPDATE", "a subdocument's options name another guid");
    skipAny(cursor, depthMax - 1);
  }
}

/** Passes over a JSON text; `undefined` is allowed where Yjs writes it for a missing element. */
export function skipJson(cursor: ByteCursor, options: { readonly depthMax: number; readonly undefinedToo: boolean }): void {
  const text = cursor.string();
  if (options.undefinedToo && text === "undefined") return;
  if (jsonDepthExceeds(text, options.depthMax)) throw tooDeep(options.depthMax);
  try {
    JSON.parse(text);
  } catch {
    throw new Unreadable("BAD_UPDATE", `a value of ${text.length} characters is not JSON`);
  }
}

/** How deep brackets nest, text in quotes left out. Right for JSON; for anything else the parser has the last word. */
function jsonDepthExceeds(text: string, depthMax: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (quoted) {
      if (character === "\\") index++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "[" || character === "{") {
      if (++depth > depthMax) return true;
    } else if (character === "]" || character === "}") depth--;
  }
  return false;
}

function tooDeep(depthMax: number): Unreadable {
  return new Unreadable("TOO_DEEP", `a value nests deeper than ${depthMax}`);
}
