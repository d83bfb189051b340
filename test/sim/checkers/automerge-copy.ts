/**
 * AutomergeCopy: a document of Automerge as the checkers have one, read by Automerge itself: what a disk was given, or what somebody shows.
 *
 *     chunk   magic, 4 bytes · checksum, 4 bytes · type, 1 byte · length, LEB128 · so many bytes
 *
 * Source: automerge.org/automerge-binary-format-spec.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import * as A from "automerge/slim";

/** What people write in the simulator's documents of Automerge. */
export interface SimNotes extends Record<string, unknown> {
  text: string;
  settings: Record<string, string>;
  list: string[];
}

const magic = [0x85, 0x6f, 0x4a, 0x83] as const;
const documentType = 0;
const hashBytes = 32;
/** Whoever writes nothing needs no actor of its own, and draws none. */
const nobody = "00";

export class AutomergeCopy {
  #doc: A.Doc<SimNotes>;

  /** `doc`: one that somebody has, looked at; else an empty one. */
  constructor(doc: A.Doc<SimNotes> = A.init<SimNotes>({ actor: nobody })) {
    this.#doc = doc;
  }

  apply(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#doc = A.loadIncremental(this.#doc, bytes);
  }

  state(): Uint8Array {
    return A.save(this.#doc);
  }

  get heads(): readonly string[] {
    return [...A.getHeads(this.#doc)].sort();
  }

  /** Something in it hangs on what never came. */
  get isWaiting(): boolean {
    return A.getMissingDeps(this.#doc, []).length > 0;
  }

  has(hashes: readonly string[]): boolean {
    return A.hasHeads(this.#doc, [...hashes]);
  }

  /** What a person sees. */
  get visible(): { readonly text: string; readonly settings: Record<string, unknown>; readonly list: readonly unknown[] } {
    const { text = "", settings = {}, list = [] } = this.#doc;
    return { text, settings: { ...settings }, list: [...list] };
  }
}

/** Updates of Yjs' do not begin so: they would be of fourteen thousand authors. */
export function isAutomerge(update: Uint8Array): boolean {
  return magic.every((byte, at) => update[at] === byte);
}

/** The hashes of the changes that an update brings. Throws for bytes that Automerge cannot read. */
export function changesOf(update: Uint8Array): readonly string[] {
  return chunksOf(update).flatMap((chunk) => (chunk[8] === documentType ? ofDocument(chunk) : [A.decodeChange(chunk).hash]));
}

export function headsOf(stateVector: Uint8Array): readonly string[] {
  return Array.from({ length: stateVector.length / hashBytes }, (_, at) =>
    hexOf(stateVector.subarray(at * hashBytes, (at + 1) * hashBytes)),
  );
}

function ofDocument(chunk: Uint8Array): readonly string[] {
  const doc = A.load(chunk, { actor: nobody });
  const hashes = A.getAllChanges(doc).map((change) => A.decodeChange(change).hash);
  A.free(doc);
  return hashes;
}

function chunksOf(update: Uint8Array): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < update.length;) {
    let at = from + magic.length + 4 + 1;
    let length = 0;
    for (let shift = 1; ; shift *= 128, at++) {
      length += (update[at]! & 127) * shift;
      if (update[at]! < 128) break;
    }
    const to = at + 1 + length;
    if (!isAutomerge(update.subarray(from)) || !(to <= update.length)) throw new Error("no chunk of Automerge's");
    chunks.push(update.subarray(from, to));
    from = to;
  }
  return chunks;
}
