import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { ContentFormat, DocumentKind, WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aDoc, stateOf } from "./an-update.ts";

const engine = new YjsEngine();

function shown(doc: Y.Doc, format: ContentFormat): string {
  const answer = engine.perform({ type: "content", parts: [Y.encodeStateAsUpdate(doc)], format });
  if (!answer.ok) throw new Error(answer.refusal.detail);
  return new TextDecoder().decode(answer.value);
}

function edit(
  doc: Y.Doc,
  format: WrittenFormat,
  body: string,
  { client = 9, kind = "text" }: { client?: number; kind?: DocumentKind } = {},
): Uint8Array {
  const parts = doc.store.clients.size === 0 ? [] : [Y.encodeStateAsUpdate(doc)];
  const update = engine.perform({
    type: "write",
    parts,
    format,
    body,
    kind,
    author: { type: "given", client, clock: Y.getState(doc.store, client) },
  });
  if (!update.ok) throw new Error(`${update.refusal.code} ${update.refusal.detail}`);
  return update.value;
}

/** What is inserted, in UTF-16 units of text, and what is deleted, in units of anything. */
function weightOf(update: Uint8Array): { inserted: number; deleted: number; structs: number } {
  const { structs, ds } = Y.decodeUpdate(update);
  const texts = structs.flatMap((struct) =>
    struct instanceof Y.Item && struct.content instanceof Y.ContentString ? [struct.content.str] : [],
  );
  const deleted = [...ds.clients.values()].flat().reduce((sum, { len }) => sum + len, 0);
  return { inserted: texts.join("").length, deleted, structs: structs.length };
}

function documentWith(format: WrittenFormat, body: string, kind: DocumentKind = "text"): Y.Doc {
  const doc = aDoc(7);
  Y.applyUpdate(doc, edit(doc, format, body, { client: 1, kind }));
  return doc;
}

const rich =
  "# Title\n\nSome **bold** and *slanted* words, [a link](<https://a.example/ü?q=1>), `code`.\n\n- one\n- two\n  1. first\n  2. second\n- [x] done\n- [ ] open\n\n> said\n>\n> again\n\n```\nif (a < b)\n\n  c\n```\n\n---\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\nend\\\nof it\n";

const [aBlob, otherBlob] = ["0123456789abcdef", "fedcba9876543210"].map((digits) => `sha256-${digits.repeat(4)}`) as [string, string];

describe("a document that is written", () => {
  test.each<[WrittenFormat, string]>([
    ["text", "one\n\ntwo  words\n"],
    ["text", ""],
    ["markdown", rich],
    ["markdown", "a\n\n\n\n\n\nb\n\n\n"],
    ["markdown", "\n\na\n"],
    ["markdown", "\n\n\n"],
    ["markdown", "- \n- a\n\n  under it\n\n  - deep\n\nout\n"],
    ["markdown", "### # no \\*stars\\* \\<b\\> \\[x\\](y) \\`\n"],
    [
      "html",
      "<h2>T</h2>\n<p>a <strong>b<br>c</strong><u>d</u>  e &lt;i&gt;</p>\n<p></p>\n<blockquote>\n<p>q</p>\n<p>r</p>\n</blockquote>\n<hr>\n<pre><code>x &lt; y\n\n z</code></pre>",
    ],
    ["markdown", `before\n\n![A \\*cat\\* \\[1\\]](blobs/${aBlob})\n\n![](blobs/${aBlob})\n`],
    ["html", `<p>a</p>\n<p><img src="blobs/${aBlob}" alt="A &quot;cat&quot;\nof it" width="640" height="480"></p>\n<p>b</p>`],
    ["html", "<ul>\n<li>one\n<ol>\n<li>first\n</li>\n<li>second\n</li></ol>\n<p>under it</p>\n</li>\n<li>two\n</li></ul>"],
    ["html", '<ul>\n<li><input type="checkbox" disabled checked> done\n</li>\n<li><input type="checkbox" disabled> \n</li></ul>'],
    ["html", "<ul>\n<li>\n<ul>\n<li>deep\n</li></ul>\n</li></ul>"],
    ["html", "<table>\n<tr><th><p>A|B</p></th><th><p>C</p></th></tr>\n<tr><td><p>1</p>\n<p>2</p></td><td><p></p></td></tr>\n</table>"],
  ])("as %s is read as what was written: %j", (format, body) => {
    const doc = documentWith(format, body);
    expect(shown(doc, format)).toBe(body);
    expect(edit(doc, format, body)).toEqual(Uint8Array.of(0, 0));
  });

  test("a code document is its text in each format, to the character", () => {
    const code = "\nlet a = `<b>`; // ``` 😀\r\n\tb\n\n";
    const doc = documentWith("text", code, "code");
    expect(shown(doc, "text")).toBe(code);
    expect(doc.getText("text").toString()).toBe(code);
    for (const format of ["text", "markdown", "html"] as const) expect(edit(doc, format, shown(doc, format))).toEqual(Uint8Array.of(0, 0));
    const plain = documentWith("text", "a\n", "code");
    Y.applyUpdate(plain, edit(plain, "markdown", "```js\na\nb\n```\n"));
    expect(shown(plain, "text")).toBe("a\nb");
    Y.applyUpdate(plain, edit(plain, "html", "<pre>\n\nc</pre>"));
    expect(shown(plain, "text")).toBe("\nc");
  });
});

describe("all text of HTML that others wrote is read, and what they have as blocks is blocks", () => {
  test.each([
    ["text beside the items of a list", "<ul>foo<li>bar</ul>", "foo\n\n- bar\n"],
    ["marks beside the items of a list", "<ul><b>foo</b><li>bar</ul>", "**foo**\n\n- bar\n"],
    ["a table's caption", "<table><caption>cap</caption><tr><th>a</th></tr></table>", "cap\n\n| a |\n| --- |\n"],
    ["paragraphs in an element that is none", "<b id=guid><p>one</p><p>two</p></b>", "**one**\n\n**two**\n"],
    [
      "blocks in a link",
      '<a href="https://a.example/"><h2>T</h2><p>x</p></a>',
      "## [T](<https://a.example/>)\n\n[x](<https://a.example/>)\n",
    ],
    ["what is centred", "<center>one</center>two", "one\n\ntwo\n"],
    ["a group of fields", "<fieldset><legend>one</legend>two</fieldset>three", "one\n\ntwo\n\nthree\n"],
    ["blocks in a heading", "<h1><div>one</div><div>two</div></h1>", "# one\n\n# two\n"],
    ["blanks between blocks are none", "<div> <p>one</p> </div> <p>two</p>", "one\n\ntwo\n"],
  ])("%s", (_what, html, markdown) => {
    expect(shown(documentWith("html", html), "markdown")).toBe(markdown);
  });
});

describe("the edit is the smallest", () => {
  const text = Array.from({ length: 200 }, (_, line) => `line ${line} of many with some words`).join("\n");

  test.each<[WrittenFormat]>([["text"], ["markdown"], ["html"]])("one word of many as %s is all that is written", (format) => {
    const doc = documentWith("text", text);
    const update = edit(doc, format, shown(doc, format).replace("line 77 of many", "line 77 of several"));
    expect(weightOf(update)).toEqual({ inserted: "several".length, deleted: "many".length, structs: 1 });
    Y.applyUpdate(doc, update);
    expect(shown(doc, "text")).toBe(text.replace("line 77 of many", "line 77 of several"));
  });

  test("two lines that change places: one of them is written", () => {
    const doc = documentWith("text", "first of them\nsecond of all\nthird");
    const update = edit(doc, "text", "second of all\nfirst of them\nthird");
    expect(weightOf(update).inserted).toBeLessThanOrEqual("second of all".length);
    Y.applyUpdate(doc, update);
    expect(shown(doc, "text")).toBe("second of all\nfirst of them\nthird");
  });

  test("a heading that becomes an item is one attribute or two, its words stay", () => {
    const doc = documentWith("markdown", "# Words\n\nmore\n");
    const update = edit(doc, "markdown", "- Words\n\nmore\n");
    expect(weightOf(update)).toMatchObject({ inserted: 0, structs: 2 });
    Y.applyUpdate(doc, update);
    expect(shown(doc, "markdown")).toBe("- Words\n\nmore\n");
  });

  test("bold that is added is two format marks", () => {
    const doc = documentWith("markdown", "some words here\n");
    const update = edit(doc, "markdown", "some **words** here\n");
    expect(weightOf(update)).toEqual({ inserted: 0, deleted: 0, structs: 2 });
  });

  test("what a format cannot say stays: underlining in Markdown, kinds, lists and marks in plain text", () => {
    const doc = documentWith(
      "html",
      "<h2>Top</h2>\n<p>a <u>lined</u> word</p>\n<ul>\n<li><strong>item</strong>\n</li></ul>\n<table>\n<tr><td><p>x</p></td><td><p>y</p></td></tr>\n</table>",
    );
    Y.applyUpdate(doc, edit(doc, "markdown", shown(doc, "markdown").replace("word", "sentence")));
    Y.applyUpdate(
      doc,
      edit(doc, "text", shown(doc, "text").replace("Top", "Head").replace("item", "items").replace("x\ty", "x\tz\nnew\trow")),
    );
    expect(shown(doc, "html")).toBe(
      "<h2>Head</h2>\n<p>a <u>lined</u> sentence</p>\n<ul>\n<li><strong>items</strong>\n</li></ul>\n<table>\n<tr><td><p>x</p></td><td><p>z</p></td></tr>\n<tr><td><p>new</p></td><td><p>row</p></td></tr>\n</table>",
    );
  });

  test.each<[string, "markdown" | "html", Record<string, string>, string]>([
    ["a task that is a quote", "markdown", { kind: "quote", list: "task" }, "one\ntwo"],
    ["a task that is code", "markdown", { kind: "code", list: "task" }, "if (a)\n\n  b"],
    ["a task that is a heading", "markdown", { kind: "heading", level: "2", list: "task" }, "# top"],
    ["an item that is a quote", "markdown", { kind: "quote", list: "bullet" }, "one\ntwo"],
    ["an item that is code", "markdown", { kind: "code", list: "ordered" }, "if (a)\n\n  b"],
    ["a task with a line break", "markdown", { kind: "paragraph", list: "task" }, "one\ntwo"],
    ["an empty task", "markdown", { kind: "paragraph", list: "task" }, ""],
    ["an empty task", "html", { kind: "paragraph", list: "task" }, ""],
    ["an empty item", "html", { kind: "paragraph", list: "bullet" }, ""],
    ["a task that is a quote", "html", { kind: "quote", list: "task" }, "one\ntwo"],
  ])("%s, as %s, with a paragraph under it, stays what it is when a line is added", (_what, format, attributes, words) => {
    const doc = aDoc(1);
    const all = [{ kind: "paragraph" }, attributes, { kind: "paragraph", indent: "1" }, { kind: "paragraph" }];
    const blocks = all.map((each) => {
      const block = new Y.XmlElement("block");
      for (const [name, value] of Object.entries(each)) block.setAttribute(name, value);
      block.insert(0, [new Y.XmlText(each === attributes ? words : "words")]);
      return block;
    });
    doc.getXmlFragment("default").insert(0, blocks);
    const before = shown(doc, "json");
    Y.applyUpdate(doc, edit(doc, format, `${shown(doc, format)}${format === "html" ? "<p>added</p>" : "\nadded\n"}`));
    const last = doc.getXmlFragment("default").length - 1;
    expect(String(doc.getXmlFragment("default").get(last))).toContain("added");
    doc.getXmlFragment("default").delete(last, 1);
    expect(shown(doc, "json")).toBe(before);
  });

  test("somebody who types at the same moment loses nothing, in other blocks and in the same", () => {
    const doc = documentWith("markdown", "# Title\n\nfirst words\n\nlast\n");
    const other = aDoc(2);
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    const update = edit(doc, "markdown", "# A title\n\nfirst of all words\n\nlast\n");
    const texts = other
      .getXmlFragment("default")
      .toArray()
      .map((block) => (block as Y.XmlElement).get(0) as Y.XmlText);
    texts[1]!.insert(texts[1]!.length, " and mine");
    texts[2]!.insert(0, "the ");
    Y.applyUpdate(other, update);
    expect(shown(other, "markdown")).toBe("# A title\n\nfirst of all words and mine\n\nthe last\n");
  });

  test("a picture that the document has not got becomes a link to it", () => {
    expect(shown(documentWith("markdown", "![seen](<https://a.example/p.png>)\n"), "markdown")).toBe("[seen](<https://a.example/p.png>)\n");
  });
});

describe("images", () => {
  const image = (attributes: Record<string, unknown>): Y.XmlElement => {
    const element = new Y.XmlElement("image");
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value as string);
    return element;
  };
  const blocksIn = (doc: Y.Doc): readonly (readonly [string, Record<string, unknown>])[] =>
    doc
      .getXmlFragment("default")
      .toArray()
      .map((block) => [(block as Y.XmlElement).nodeName, (block as Y.XmlElement).getAttributes()]);

  test.each<["markdown" | "html", string, string]>([
    ["markdown", `before ![A cat](blobs/${aBlob}) after\n`, `before\n\n![A cat](blobs/${aBlob})\n\nafter\n`],
    ["markdown", `![a](blobs/${aBlob}) ![](blobs/${otherBlob})\n`, `![a](blobs/${aBlob})\n\n![](blobs/${otherBlob})\n`],
    ["markdown", `- ![a](blobs/${aBlob})\n- item\n`, `![a](blobs/${aBlob})\n\n- item\n`],
    ["markdown", `| A | B |\n| --- | --- |\n| ![a *cat*](blobs/${aBlob}) | x |\n`, "| A | B |\n| --- | --- |\n| a \\*cat\\* | x |\n"],
    ["html", `<figure><img src="blobs/${aBlob}" alt="A"></figure>`, `<p><img src="blobs/${aBlob}" alt="A"></p>`],
    ["html", `<p>a<br><img src="blobs/${aBlob}"> b</p>`, `<p>a</p>\n<p><img src="blobs/${aBlob}" alt=""></p>\n<p>b</p>`],
    ["html", `<p><img src="blobs/${aBlob}" width="-3" height="1e9"></p>`, `<p><img src="blobs/${aBlob}" alt=""></p>`],
  ])("among words, read from %s %j, are blocks of their own", (format, body, shownAs) => {
    const doc = documentWith(format, body);
    expect(shown(doc, format)).toBe(shownAs);
    expect(edit(doc, format, shownAs)).toEqual(Uint8Array.of(0, 0));
  });

  test.each<["markdown" | "html", string]>([
    ["markdown", `![x](https://a.example/blobs/${aBlob})\n`],
    ["markdown", `![x](/api/rooms/other/blobs/${aBlob})\n`],
    ["markdown", `![x](blobs/${aBlob}.svg)\n`],
    ["markdown", `![x](blobs/${aBlob.toUpperCase()})\n`],
    ["html", `<img src="../blobs/${aBlob}" alt="x">`],
    ["html", `<img src="data:image/png;base64,${aBlob}" alt="x">`],
  ])("at any other address are none: %s %j", (format, body) => {
    expect(blocksIn(documentWith(format, body)).map(([name]) => name)).toEqual(["block"]);
  });

  test("keep what a format cannot say of them, whatever is written around them or about them", () => {
    const doc = documentWith("markdown", "before\n\nafter\n");
    doc.getXmlFragment("default").insert(1, [image({ blob: aBlob, alt: "A cat", width: 640, height: 480 })]);
    Y.applyUpdate(doc, edit(doc, "markdown", `# Cats\n\nwritten before\n\n![Two dogs](blobs/${aBlob})\n\nafter\n`));
    expect(blocksIn(doc)[2]).toEqual(["image", { blob: aBlob, alt: "Two dogs", width: 640, height: 480 }]);
    Y.applyUpdate(doc, edit(doc, "text", "Cats\nbefore\nTwo dogs\nand after\n"));
    expect(blocksIn(doc)[2]).toEqual(["image", { blob: aBlob, alt: "Two dogs", width: 640, height: 480 }]);
    Y.applyUpdate(doc, edit(doc, "html", shown(doc, "html").replace(' alt="Two dogs" width="640"', ' alt="" width="320"')));
    expect(blocksIn(doc)[2]).toEqual(["image", { blob: aBlob, width: 320, height: 480 }]);
  });

  test("are others when their bytes are: no description goes on with other bytes", () => {
    const doc = documentWith("html", `<p><img src="blobs/${aBlob}" alt="A cat" width="640" height="480"></p>`);
    Y.applyUpdate(doc, edit(doc, "markdown", `![A cat](blobs/${otherBlob})\n`));
    expect(blocksIn(doc)).toEqual([["image", { blob: otherBlob, alt: "A cat" }]]);
  });

  test("of other editors are not rewritten", () => {
    const doc = aDoc(1);
    doc.getXmlFragment("default").insert(0, [image({ src: "https://a.example/p.png" })]);
    expect(() => edit(doc, "markdown", "words\n")).toThrow("UNSAYABLE");
  });
});

describe("what is refused", () => {
  const refusalOf = (state: Uint8Array, format: WrittenFormat, body: string): string | undefined => {
    const result = engine.perform({
      type: "write",
      parts: [state],
      format,
      body,
      kind: "text",
      author: { type: "given", client: 9, clock: 0 },
    });
    return result.ok ? undefined : result.refusal.code;
  };
  const stock = stateOf((doc) => doc.getXmlFragment("default").insert(0, [new Y.XmlElement("paragraph")]));
  const two = stateOf((doc) => (doc.getText("a").insert(0, "a"), doc.getText("b").insert(0, "b")));
  const quill = stateOf((doc) => doc.getText("quill").applyDelta([{ insert: "plain " }, { insert: "bold", attributes: { bold: true } }]));
  const code = stateOf((doc) => doc.getText("text").insert(0, "code"));

  test.each([
    ["another editor's document", stock, "text", "words"],
    ["several texts", two, "text", "a\nc"],
    ["marks of a text outside of blocks", quill, "markdown", "plain\n"],
    ["code that is said as something else", code, "markdown", "words\n"],
  ] as const)("%s", (_what, state, format, body) => {
    expect(refusalOf(state, format, body)).toBe("UNSAYABLE");
  });

  test("what was read of it may be written back", () => {
    expect(refusalOf(two, "text", "a\nb")).toBeUndefined();
    expect(refusalOf(quill, "text", "plain words")).toBeUndefined();
  });

  test("[P9] what nests too deep", () => {
    expect(refusalOf(code, "html", "<ul><li>".repeat(5_000))).toBe("TOO_DEEP");
    expect(refusalOf(code, "html", "<div>".repeat(5_000))).toBe("TOO_DEEP");
    expect(refusalOf(code, "markdown", `${">".repeat(5_000)} a\n`)).toBe("TOO_DEEP");
  });
});
