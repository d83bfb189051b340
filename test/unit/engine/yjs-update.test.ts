import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { readUpdate } from "@inkmesh/shared/engine/yjs-update";
import { anUpdate, aDoc, contents, gc, item, roomyLimits, skip, stateOf } from "./an-update.ts";

const limits = roomyLimits;

function read(bytes: Uint8Array) {
  const result = readUpdate(bytes, limits);
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value;
}

/** What Yjs's own reader says about the same bytes. */
function readByYjs(bytes: Uint8Array): unknown {
  const { structs, ds } = Y.decodeUpdate(bytes);
  return {
    structs: structs.map((struct) => [struct.id.client, struct.id.clock, struct.length]),
    deletes: [...ds.clients].flatMap(([client, ranges]) => ranges.map(({ clock, len }) => [client, clock, clock + len])),
  };
}

function readByUs(bytes: Uint8Array): unknown {
  const { blocks, deletes } = read(bytes);
  return {
    structs: blocks.flatMap(({ client, structs }) => structs.map(({ clock, length }) => [client, clock, length])),
    deletes: deletes.map(({ author, from, to }) => [author, from, to]),
  };
}

const written: readonly (readonly [what: string, write: (doc: Y.Doc) => void])[] = [
  ["nothing", () => {}],
  ["ASCII text", (doc) => doc.getText("t").insert(0, "hello")],
  ["text outside ASCII", (doc) => doc.getText("t").insert(0, "žluť")],
  ["text outside the basic plane", (doc) => doc.getText("t").insert(0, "a🦊👩‍🚀b")],
  ["formatted text", (doc) => doc.getText("t").insert(0, "bold", { bold: true, link: { href: "https://a.example" } })],
  ["an embed", (doc) => doc.getText("t").insertEmbed(0, { image: '[{"' })],
  ["any values", (doc) => doc.getArray("a").insert(0, [null, true, false, 1, -1, 2 ** 31, 1.5, 0.1, "s", [1, [2]], { a: { b: [] } }])],
  ["undefined and bigint", (doc) => void (doc.getMap("m").set("u", undefined), doc.getMap("m").set("b", 12n ** 12n))],
  ["binary", (doc) => doc.getArray("a").insert(0, [new Uint8Array(300)])],
  [
    "every shared type",
    (doc) =>
      doc
        .getArray("a")
        .insert(0, [
          new Y.Array(),
          new Y.Map(),
          new Y.Text(),
          new Y.XmlElement("p"),
          new Y.XmlFragment(),
          new Y.XmlHook("h"),
          new Y.XmlText(),
        ]),
  ],
  ["attributes", (doc) => doc.getXmlFragment("x").insert(0, [new Y.XmlElement("p")])],
  ["a subdocument", (doc) => doc.getMap("m").set("d", new Y.Doc({ meta: { a: [1] }, autoLoad: true }))],
  ["map overwrites", (doc) => ["1", "2"].forEach((value) => doc.getMap("m").set("k", value))],
  ["deleted text", (doc) => void (doc.getText("t").insert(0, "hello"), doc.getText("t").delete(1, 2))],
  ["collected types", (doc) => void (doc.getArray("a").insert(0, [new Y.Text("gone")]), doc.getArray("a").delete(0, 1))],
];

describe("readUpdate", () => {
  test.each(written)("reads %s as Yjs does", (_what, write) => {
    const bytes = stateOf(write, 4_000_000_001);
    expect(readByUs(bytes)).toEqual(readByYjs(bytes));
    expect(read(bytes).tidy).toBe(true);
  });

  test("reads JSON content of old documents, with undefined elements", () => {
    const json = { kind: 2, write: contents.raw(2, 2, 9, ...Buffer.from("undefined"), 7, ...Buffer.from('{"a":1}')).write };
    expect(read(anUpdate([[1, 0, item(json)]])).blocks[0]?.structs[0]?.length).toBe(2);
  });

  test("reads several authors, skips and deletions of others", () => {
    const left = stateOf((doc) => doc.getText("t").insert(0, "left"), 1);
    const right = aDoc(2);
    Y.applyUpdate(right, left);
    right.getText("t").delete(0, 2);
    right.getText("t").insert(0, "right");
    const bytes = Y.mergeUpdates([left, Y.encodeStateAsUpdate(right)]);
    expect(readByUs(bytes)).toEqual(readByYjs(bytes));
    const holed = anUpdate([[1, 0, item(contents.string("ab")), skip(3), item(contents.string("c"), { origin: [1, 4] })]]);
    expect(readByUs(holed)).toEqual(readByYjs(holed));
  });

  test("orders and joins deletions that another writer left in disorder", () => {
    const bytes = anUpdate(
      [[1, 0, item(contents.string("abcdefgh"))]],
      [
        [1, 4, 2],
        [1, 0, 1],
        [1, 3, 2],
        [1, 7, 0],
      ],
    );
    const { deletes, tidy } = read(bytes);
    expect(deletes).toEqual([
      { author: 1, from: 0, to: 1 },
      { author: 1, from: 3, to: 6 },
    ]);
    expect(tidy).toBe(false);
  });

  const text = item(contents.string("a"));
  const deepJson = "[".repeat(65) + "]".repeat(65);
  const refusals: readonly (readonly [what: string, code: string, bytes: Uint8Array])[] = [
    ["no bytes", "BAD_UPDATE", new Uint8Array()],
    ["a torn end", "BAD_UPDATE", anUpdate([[1, 0, text]]).slice(0, -1)],
    ["a tail", "BAD_UPDATE", Uint8Array.from([...anUpdate([[1, 0, text]]), 0])],
    ["V2 bytes", "BAD_UPDATE", Y.encodeStateAsUpdateV2(aDoc())],
    [
      "two blocks of one author",
      "BAD_UPDATE",
      anUpdate([
        [1, 0, text],
        [1, 1, text],
      ]),
    ],
    ["more blocks than bytes", "BAD_UPDATE", Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0])],
    ["more structs than bytes", "BAD_UPDATE", Uint8Array.from([1, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0])],
    ["a number without end", "BAD_UPDATE", new Uint8Array(20).fill(0xff)],
    ["content kind 11", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(11, 1))]])],
    ["stray bits on a collected struct", "BAD_UPDATE", anUpdate([[1, 0, (encoder) => gcWithBits(encoder)]])],
    ["type 7", "BAD_UPDATE", anUpdate([[1, 0, item(contents.type(7))]])],
    ["a parent of kind 2", "BAD_UPDATE", Uint8Array.from([1, 1, 1, 0, 4, 2, 1, 97, 1, 97, 0])],
    ["an empty text", "BAD_UPDATE", anUpdate([[1, 0, item(contents.string(""))]])],
    ["an empty collected struct", "BAD_UPDATE", anUpdate([[1, 0, gc(0)]])],
    ["no elements", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(8, 0))]])],
    ["text that is not UTF-8", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(4, 2, 0xc3, 0x28))]])],
    ["half a surrogate pair", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(4, 3, 0xed, 0xa0, 0x80))]])],
    ["an embed that is no JSON", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(5, 1, 123))]])],
    ["a value of unknown kind", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(8, 1, 115))]])],
    ["an array longer than its bytes", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(8, 1, 117, 0xff, 0xff, 0x7f))]])],
    ["a subdocument without options", "BAD_UPDATE", anUpdate([[1, 0, item(contents.raw(9, 1, 97, 126))]])],
    [
      "a subdocument with a second guid",
      "BAD_UPDATE",
      anUpdate([[1, 0, item(contents.raw(9, 1, 97, 118, 1, 4, ...Buffer.from("guid"), 126))]]),
    ],
    ["a struct that follows itself", "BAD_UPDATE", anUpdate([[1, 0, item(contents.string("a"), { origin: [1, 0] })]])],
    ["a struct inside itself", "BAD_UPDATE", anUpdate([[1, 0, item(contents.type(0), { parent: [1, 5] })]])],
    ["values nested 65 deep", "TOO_DEEP", anUpdate([[1, 0, item(contents.nestedArrays(65))]])],
    ["JSON nested 65 deep", "TOO_DEEP", anUpdate([[1, 0, item({ kind: 5, write: contents.string(deepJson).write })]])],
    ["a clock beyond the limit", "CLOCK_TOO_FAR", anUpdate([[1, 2 ** 41, text]])],
    ["a length beyond the limit", "CLOCK_TOO_FAR", anUpdate([[1, 0, gc(2 ** 41)]])],
    ["a largest length", "CLOCK_TOO_FAR", anUpdate([[1, 1, gc(Number.MAX_SAFE_INTEGER)]])],
    ["a reference beyond the limit", "CLOCK_TOO_FAR", anUpdate([[1, 0, item(contents.string("a"), { origin: [2, 2 ** 41] })]])],
    ["a deletion beyond the limit", "CLOCK_TOO_FAR", anUpdate([], [[1, 5, 2 ** 41]])],
  ];

  test.each(refusals)("[P9] refuses %s as %s", (_what, code, bytes) => {
    const result = readUpdate(bytes, limits);
    expect(result.ok ? "read" : result.refusal.code).toBe(code);
  });

  test("[P8] refuses more structs and deletions than the limit, before reading them", () => {
    const bytes = anUpdate([[1, 0, text, item(contents.string("b"), { origin: [1, 0] })]], [[1, 0, 1]]);
    expect(readUpdate(bytes, { ...limits, partsPerUpdateMax: 3 }).ok).toBe(true);
    expect(readUpdate(bytes, { ...limits, partsPerUpdateMax: 2 })).toMatchObject({ refusal: { code: "TOO_MANY_PARTS" } });
  });

  test("values nested as deep as the limit are read", () => {
    read(anUpdate([[1, 0, item(contents.nestedArrays(64))]]));
    read(anUpdate([[1, 0, item({ kind: 5, write: contents.string("[".repeat(64) + "]".repeat(64)).write })]]));
  });

  test("[P9] a million brackets are refused without ending the stack", () => {
    const brackets = "[".repeat(1_000_000);
    expect(readUpdate(anUpdate([[1, 0, item({ kind: 5, write: contents.string(brackets).write })]]), limits)).toMatchObject({
      refusal: { code: "TOO_DEEP" },
    });
    expect(readUpdate(anUpdate([[1, 0, item(contents.nestedArrays(200_000))]]), limits)).toMatchObject({ refusal: { code: "TOO_DEEP" } });
  });
});

function gcWithBits(encoder: Parameters<ReturnType<typeof gc>>[0]): void {
  item(contents.raw(0, 1), { origin: [2, 0] })(encoder);
}
