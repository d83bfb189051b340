/**
 * A history against the plainest one: a document that collects nothing and gets one admitted payload after the other.
 */
import { expect, test } from "vitest";
import * as Y from "yjs";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { collectedHistory, historyDocument, mergeHistory, saysTheSame } from "@inkmesh/shared/engine/yjs-history";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { anAuthor, edit, hear, shown } from "./random-editing.ts";
import { forSeeds } from "./seeds.ts";
import { roomyLimits } from "../../unit/engine/an-update.ts";

/** What three people wrote, as a room lets it in: what one of them repeats is trimmed. */
function admitted(random: Random): Uint8Array[] {
  const authors = [1, 2, 3].map((client) => anAuthor(client));
  const index = new YjsEngine().emptyIndex();
  const payloads: Uint8Array[] = [];
  const heard = authors.map(() => 0);
  for (let turn = 0; turn < 120; turn++) {
    const at = randomInteger(random, authors.length);
    const author = authors[at]!;
    if (random.fraction() < 0.3) {
      while (heard[at]! < payloads.length) {
        hear(author, payloads[heard[at]!]!);
        heard[at]! += 1;
      }
      continue;
    }
    const before = author.sent.length;
    edit(author, random);
    // Now and then a whole state, as one who comes back sends it.
    const sent = random.fraction() < 0.05 ? [Y.encodeStateAsUpdate(author.doc)] : author.sent.slice(before);
    for (const update of sent) {
      const admission = index.examine(update, "state", roomyLimits);
      if (admission.type !== "admitted") continue;
      index.join(admission.change);
      payloads.push(admission.payload);
    }
  }
  return payloads;
}

/** Clock by clock what was ever written, deleted or not. */
function everything(document: Y.Doc): string {
  const lines: string[] = [];
  for (const [client, structs] of [...document.store.clients].sort(([left], [right]) => left - right))
    for (const struct of structs) {
      const content = struct instanceof Y.Item ? struct.content : undefined;
      const units = content instanceof Y.ContentString ? [...Array(content.str.length).keys()].map((at) => content.str.charCodeAt(at)) : [];
      for (let at = 0; at < struct.length; at++)
        lines.push(`${client} ${struct.id.clock + at} ${struct.deleted} ${content?.constructor.name} ${units[at] ?? ""}`);
    }
  return lines.join("\n");
}

/** Cut at random, as minutes cut what people write. */
function cut<Thing>(things: readonly Thing[], random: Random): Thing[][] {
  const pieces: Thing[][] = [];
  for (let at = 0; at < things.length;) {
    const length = 1 + randomInteger(random, 90);
    pieces.push(things.slice(at, at + length));
    at += length;
  }
  return pieces;
}

test("merged payloads are what the payloads are one by one, deleted content included", () => {
  forSeeds(60, "history.test.ts", (seed) => {
    const random = seededRandom(seed);
    const payloads = admitted(random);
    const pieces = cut(payloads, random);
    const parts = pieces.map((piece) => mergeHistory(piece));
    const plain = new Y.Doc({ gc: false });
    for (const payload of payloads) Y.applyUpdate(plain, payload);
    const rebuilt = historyDocument(undefined, parts);
    expect(parts.every(({ encoding }) => encoding === "yjs-v2")).toBe(true);
    expect(everything(rebuilt)).toBe(everything(plain));
    expect(shown(rebuilt)).toBe(shown(plain));
    parts.forEach((part, at) => expect(saysTheSame(part, pieces[at]!)).toBe(true));
  });
});

test("a collected beginning shows the same, and so does all that follows on it", () => {
  forSeeds(40, "history.test.ts", (seed) => {
    const random = seededRandom(seed);
    const payloads = admitted(random);
    const parts = cut(payloads, random).map((piece) => mergeHistory(piece));
    const until = randomInteger(random, parts.length + 1);
    const base = collectedHistory(undefined, parts.slice(0, until));
    const plain = historyDocument(undefined, parts);
    expect(shown(historyDocument(base, []))).toBe(shown(historyDocument(undefined, parts.slice(0, until))));
    expect(shown(historyDocument(base, parts.slice(until)))).toBe(shown(plain));
  });
});

test("payloads that Yjs cannot merge are kept as they came", () => {
  const author = anAuthor(1);
  author.doc.getText("text").insert(0, "kept");
  const torn = [...author.sent, Uint8Array.of(0xff, 0xff, 0xff)];
  const part = mergeHistory(torn);
  expect(part.encoding).toBe("payloads");
  expect(saysTheSame(part, torn)).toBe(false);
  expect(saysTheSame(mergeHistory(author.sent), [])).toBe(false);
  expect(saysTheSame({ encoding: "yjs-v2", bytes: Uint8Array.of(1, 2, 3) }, author.sent)).toBe(false);
});
