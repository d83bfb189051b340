/**
 * Random concurrent documents by Automerge itself: several actors write texts, maps and lists, and now and then hear of each other. Automerge of
 * today reads deflated changes and writes none, so those of 256 bytes and more are deflated here, as its earlier versions did.
 */
import { deflateRawSync } from "node:zlib";
import * as encoding from "lib0/encoding";
import * as A from "automerge";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { hexOf } from "@inkmesh/shared/base/bytes";

interface Draft extends Record<string, unknown> {
  text?: string;
  list?: unknown[];
}

export type Document = A.Doc<Draft>;

export interface SomeEditing {
  readonly documents: readonly Document[];
  /** All of it. */
  readonly whole: Document;
  /** Every change, in an order in which each hangs on those before it. */
  readonly changes: readonly Uint8Array[];
}

export function someEditing(random: Random, steps: number): SomeEditing {
  const actors = Array.from({ length: 3 }, (_, index) => hexOf(random.bytes(index === 0 ? 16 : 1 + randomInteger(random, 32))));
  const documents = actors.map((actor) => A.init<Draft>({ actor }));
  for (let step = 0; step < steps; step++) {
    const at = randomInteger(random, documents.length);
    const other = randomInteger(random, documents.length);
    // Automerge ends itself when a document is merged into itself.
    if (other !== at && random.fraction() < 0.4) documents[at] = A.merge(documents[at]!, documents[other]!);
    documents[at] = A.change(documents[at]!, { time: randomInteger(random, 2_000_000_000), ...aMessage(random) }, (draft) =>
      edit(draft as Draft, random),
    );
  }
  const whole = documents.reduce((left, right) => A.merge(left, A.clone(right)), A.init<Draft>({ actor: "ff" }));
  return { documents, whole, changes: A.getAllChanges(whole).map((change) => (change.length < 256 ? change : deflated(change))) };
}

function aMessage(random: Random): { message?: string } {
  return random.fraction() < 0.3 ? { message: random.fraction() < 0.5 ? "a wörd" : "w".repeat(200) } : {};
}

function edit(draft: Draft, random: Random): void {
  const chance = random.fraction();
  if (chance < 0.1) draft[`k${randomInteger(random, 5)}`] = randomInteger(random, 1_000) - 500;
  else if (chance < 0.2) delete draft[`k${randomInteger(random, 5)}`];
  else if (chance < 0.3) (draft.list ??= []).push({ a: [random.fraction(), null, random.bytes(3)] });
  else write(draft, random);
}

function write(draft: Draft, random: Random): void {
  draft.text ??= "";
  const at = randomInteger(random, draft.text.length + 1);
  const removed = random.fraction() < 0.3 ? randomInteger(random, Math.min(4, draft.text.length - at) + 1) : 0;
  const words = random.fraction() < 0.1 ? hexOf(random.bytes(400)) : "ab€"[randomInteger(random, 3)]!;
  A.splice(draft as A.Doc<Draft>, ["text"], at, removed, words);
}

/** A change's chunk, deflated. Its checksum stays: it is of the change as it was. */
export function deflated(change: Uint8Array): Uint8Array {
  let body = 9;
  while ((change[body] ?? 0) >= 0x80) body++;
  const packed = deflateRawSync(change.subarray(body + 1));
  return encoding.encode((encoder) => {
    encoding.writeUint8Array(encoder, change.subarray(0, 8));
    encoding.writeUint8(encoder, 2);
    encoding.writeVarUint8Array(encoder, packed);
  });
}
