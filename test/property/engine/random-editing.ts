/**
 * Random concurrent editing for the engine's tests: a few people, each with a real Y.Doc, who write into every kind of
 * shared type, undo, and sometimes hear of each other. What they produce is what clients send a relay.
 */
import * as Y from "yjs";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";

/** One person's document and the updates that it sent, oldest first. */
export interface Author {
  readonly doc: Y.Doc;
  readonly undo: Y.UndoManager;
  readonly sent: Uint8Array[];
}

const heard = "heard from others";

export function anAuthor(client: number): Author {
  const doc = new Y.Doc();
  doc.clientID = client;
  const undo = new Y.UndoManager([doc.getText("text"), doc.getMap("map"), doc.getArray("list"), doc.getXmlFragment("default")], {
    captureTimeout: 0,
  });
  const sent: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array, origin: unknown) => {
    if (origin !== heard) sent.push(update);
  });
  return { doc, undo, sent };
}

/** Lets `to` hear everything that `from` has. */
export function tell(to: Author, from: { readonly doc: Y.Doc }): void {
  Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)), heard);
}

export function hear(to: Author, update: Uint8Array): void {
  Y.applyUpdate(to.doc, update, heard);
}

type Edit = (author: Author, random: Random) => void;

const words = ["a", "ink", "mesh ", "\n", "žluťoučký", "👩‍🚀", "🦊", "x".repeat(40), "end"];
const keys = ["title", "kind", "k"];
const values: readonly unknown[] = [
  null,
  true,
  7,
  -3.5,
  2n ** 40n,
  "value",
  [1, [2, { three: 3 }]],
  { deep: { er: ["…"] } },
  new Uint8Array([1, 2, 3]),
  undefined,
];
/** Yjs takes these two in maps only. */
const listValues = values.filter((value) => value !== undefined && typeof value !== "bigint");

function pick<Thing>(random: Random, things: readonly Thing[]): Thing {
  return things[randomInteger(random, things.length)]!;
}

function deleteSome(random: Random, type: { readonly length: number; delete(at: number, length: number): void }): void {
  if (type.length === 0) return;
  const at = randomInteger(random, type.length);
  type.delete(at, 1 + randomInteger(random, Math.min(6, type.length - at)));
}

/** A place in a text, never inside a surrogate pair: editors put no caret there, and Yjs does not converge there. */
function somePlace(random: Random, text: Y.Text): number {
  const at = randomInteger(random, text.length + 1);
  const units = text.toDelta().map(({ insert }: { insert: unknown }) => (typeof insert === "string" ? insert : "\ufffc"));
  return /^[\udc00-\udfff]/.test(units.join("").slice(at, at + 1)) ? at + 1 : at;
}

function deleteText(random: Random, text: Y.Text): void {
  const [from = 0, to = 0] = [somePlace(random, text), somePlace(random, text)].sort((left, right) => left - right);
  if (to - from > 0 && to - from < 12) text.delete(from, to - from);
}

function someElement(random: Random, fragment: Y.XmlFragment): Y.XmlFragment {
  let at = fragment;
  while (at.length > 0 && random.fraction() < 0.7) {
    const child = at.get(randomInteger(random, at.length));
    if (!(child instanceof Y.XmlElement)) break;
    at = child;
  }
  return at;
}

const edits: readonly Edit[] = [
  ({ doc }, random) => doc.getText("text").insert(somePlace(random, doc.getText("text")), pick(random, words)),
  ({ doc }, random) => doc.getText("text").insert(somePlace(random, doc.getText("text")), pick(random, words)),
  ({ doc }, random) => deleteText(random, doc.getText("text")),
  ({ doc }, random) => {
    const text = doc.getText("text");
    const [from = 0, to = 0] = [somePlace(random, text), somePlace(random, text)].sort((left, right) => left - right);
    text.format(from, to - from, { bold: pick(random, [true, null]), link: pick(random, [{ href: "https://a.example" }, null]) });
  },
  ({ doc }, random) => doc.getText("text").insertEmbed(somePlace(random, doc.getText("text")), { image: pick(random, words) }),
  ({ doc }, random) => doc.getMap("map").set(pick(random, keys), pick(random, values)),
  ({ doc }, random) => doc.getMap("map").delete(pick(random, keys)),
  ({ doc }, random) => doc.getMap("map").set(pick(random, keys), new Y.Map([["inner", pick(random, values)]])),
  ({ doc }, random) => doc.getMap("map").set("doc", new Y.Doc({ guid: `sub-${randomInteger(random, 3)}`, meta: { a: 1 } })),
  ({ doc }, random) => {
    const list = doc.getArray("list");
    list.insert(randomInteger(random, list.length + 1), [pick(random, listValues), pick(random, listValues), pick(random, listValues)]);
  },
  ({ doc }, random) => {
    const list = doc.getArray("list");
    list.insert(randomInteger(random, list.length + 1), [new Y.Array(), new Y.Text(pick(random, words))]);
  },
  ({ doc }, random) => deleteSome(random, doc.getArray("list")),
  ({ doc }, random) => {
    const at = someElement(random, doc.getXmlFragment("default"));
    const element = new Y.XmlElement(pick(random, ["block", "paragraph", "table"]));
    element.setAttribute("kind", pick(random, ["heading", "quote"]));
    element.insert(0, [new Y.XmlText(pick(random, words)), new Y.XmlElement("hardBreak")]);
    at.insert(randomInteger(random, at.length + 1), [element]);
  },
  ({ doc }, random) => {
    const at = someElement(random, doc.getXmlFragment("default"));
    const child = at.length === 0 ? undefined : at.get(randomInteger(random, at.length));
    if (child instanceof Y.XmlText) child.insert(somePlace(random, child), pick(random, words), { bold: {} });
    else if (child instanceof Y.XmlElement) child.setAttribute("level", String(randomInteger(random, 3)));
  },
  ({ doc }, random) => deleteSome(random, someElement(random, doc.getXmlFragment("default"))),
  ({ undo }) => void undo.undo(),
  ({ undo }) => void undo.redo(),
];

/** One edit of one person; one in five is a transaction of several. */
export function edit(author: Author, random: Random): void {
  const count = random.fraction() < 0.2 ? 4 : 1;
  const chosen = Array.from({ length: count }, () => pick(random, edits));
  if (count === 1) chosen[0]!(author, random);
  else author.doc.transact(() => chosen.filter((each) => edits.indexOf(each) < edits.length - 2).forEach((each) => each(author, random)));
}

/** What a document shows, as one text: equal for equal contents. */
export function shown(doc: Y.Doc): string {
  const content = [
    doc.getText("text").toDelta(),
    doc.getMap("map").toJSON(),
    doc.getArray("list").toJSON(),
    doc.getXmlFragment("default").toString(),
  ];
  return JSON.stringify(content, plain);
}

/** Maps keep keys in the order in which they came; that order is no content. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Y.Doc) return `subdocument ${value.guid}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
