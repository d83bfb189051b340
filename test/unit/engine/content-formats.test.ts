import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { ContentFormat } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { anUpdate, contents, item, stateOf } from "./an-update.ts";

const engine = new YjsEngine();

function contentOf(state: Uint8Array, format: ContentFormat): string {
  const answer = engine.perform({ type: "content", parts: [state], format });
  if (!answer.ok) throw new Error(answer.refusal.detail);
  return new TextDecoder().decode(answer.value);
}

type Runs = string | readonly (readonly [text: string, marks: Record<string, unknown>])[];
type Node = Y.XmlElement | Y.XmlText;

function xmlText(runs: Runs): Y.XmlText {
  const text = new Y.XmlText();
  const ops = typeof runs === "string" ? [{ insert: runs }] : runs.map(([insert, attributes]) => ({ insert, attributes }));
  text.applyDelta(ops);
  return text;
}

function element(name: string, attributes: Record<string, unknown>, ...children: readonly Node[]): Y.XmlElement {
  const made = new Y.XmlElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string);
  made.insert(0, [...children]);
  return made;
}

/** A block of the editor. */
function block(attributes: Record<string, unknown>, runs: Runs = ""): Y.XmlElement {
  return element("block", attributes, xmlText(runs));
}

function rich(...nodes: readonly Node[]): Uint8Array {
  return stateOf((doc) => doc.getXmlFragment("default").insert(0, [...nodes]));
}

const aBlob = `sha256-${"0123456789abcdef".repeat(4)}`;
const paragraph = (runs: Runs): Y.XmlElement => element("paragraph", {}, xmlText(runs));

interface Case {
  readonly what: string;
  readonly state: Uint8Array;
  readonly text: string;
  readonly markdown: string;
  readonly html: string;
}

const cases: readonly Case[] = [
  {
    what: "the editor's block kinds",
    state: rich(
      block({ kind: "heading", level: 2 }, "Title"),
      block({ kind: "paragraph" }, "Words"),
      block({ kind: "quote" }, "said"),
      block({ kind: "quote" }, "again"),
      block({ kind: "code" }, "if (a < b)\n  c"),
      element("horizontalRule", {}),
    ),
    text: "Title\nWords\nsaid\nagain\nif (a < b)\n  c\n",
    markdown: "## Title\n\nWords\n\n> said\n>\n> again\n\n```\nif (a < b)\n  c\n```\n\n---\n",
    html: "<h2>Title</h2>\n<p>Words</p>\n<blockquote>\n<p>said</p>\n<p>again</p>\n</blockquote>\n<pre><code>if (a &lt; b)\n  c</code></pre>\n<hr>",
  },
  {
    what: "the editor's images",
    state: rich(
      block({ kind: "paragraph" }, "before"),
      element("image", { blob: aBlob, alt: 'A "cat" & *more*\nof it', width: 640, height: 480 }),
      element("image", { blob: aBlob }),
      block({ kind: "paragraph" }, "after"),
    ),
    text: 'before\nA "cat" & *more* of it\n\nafter',
    markdown: `before\n\n![A "cat" \\& \\*more\\* of it](blobs/${aBlob})\n\n![](blobs/${aBlob})\n\nafter\n`,
    html:
      `<p>before</p>\n<p><img src="blobs/${aBlob}" alt="A &quot;cat&quot; &amp; *more*\nof it" width="640" height="480"></p>\n` +
      `<p><img src="blobs/${aBlob}" alt=""></p>\n<p>after</p>`,
  },
  {
    what: "the editor's lists",
    state: rich(
      block({ kind: "paragraph", list: "bullet" }, "one"),
      block({ kind: "paragraph", list: "ordered", indent: 1 }, "first"),
      block({ kind: "paragraph", list: "ordered", indent: 1 }, "second"),
      block({ kind: "paragraph", list: "bullet" }, "two"),
      block({ kind: "paragraph", list: "task", checked: "true" }, "done"),
      block({ kind: "paragraph", list: "task" }, "open"),
      block({ kind: "paragraph" }, "after"),
    ),
    text: "one\nfirst\nsecond\ntwo\ndone\nopen\nafter",
    markdown: "- one\n  1. first\n  2. second\n- two\n- [x] done\n- [ ] open\n\nafter\n",
    html:
      "<ul>\n<li>one\n<ol>\n<li>first\n</li>\n<li>second\n</li></ol>\n</li>\n<li>two\n</li></ul>\n" +
      '<ul>\n<li><input type="checkbox" disabled checked> done\n</li>\n<li><input type="checkbox" disabled> open\n</li></ul>\n<p>after</p>',
  },
  {
    what: "marks",
    state: rich(
      block({}, [
        ["bold ", { bold: {} }],
        ["both", { bold: {}, italic: {} }],
        [" ", {}],
        ["gone", { strike: {} }],
        [" and ", {}],
        ["a`b", { code: {} }],
        [" ", {}],
        ["here", { link: { href: "https://a.example/?q=1&r=2" } }],
      ]),
    ),
    text: "bold both gone and a`b here",
    markdown: "**bold** ***both*** ~~gone~~ and ``a`b`` [here](<https://a.example/?q=1&r=2>)\n",
    html:
      "<p><strong>bold </strong><strong><em>both</em></strong> <s>gone</s> and <code>a`b</code> " +
      '<a href="https://a.example/?q=1&amp;r=2" rel="noopener noreferrer nofollow">here</a></p>',
  },
  {
    what: "underlining within other marks",
    state: rich(
      block({}, [
        ["bo", { bold: {} }],
        ["ld", { bold: {}, underline: {} }],
      ]),
    ),
    text: "bold",
    markdown: "**bold**\n",
    html: "<p><strong>bo</strong><strong><u>ld</u></strong></p>",
  },
  {
    what: "stock Tiptap lists and quotes",
    state: rich(
      element("heading", { level: 1 }, xmlText("Top")),
      element(
        "bulletList",
        {},
        element("listItem", {}, paragraph("a"), element("orderedList", {}, element("listItem", {}, paragraph("b")))),
        element("listItem", {}, paragraph("c"), paragraph("more")),
      ),
      element("taskList", {}, element("taskItem", { checked: true }, paragraph("d"))),
      element("blockquote", {}, paragraph("e")),
      element("codeBlock", {}, xmlText("f")),
      element("paragraph", {}, xmlText("g"), element("hardBreak", {}), xmlText("h")),
    ),
    text: "Top\na\nb\nc\nmore\nd\ne\nf\ng\nh",
    markdown: "# Top\n\n- a\n  1. b\n- c\n\n  more\n\n- [x] d\n\n> e\n\n```\nf\n```\n\ng\\\nh\n",
    html:
      "<h1>Top</h1>\n<ul>\n<li>a\n<ol>\n<li>b\n</li></ol>\n</li>\n<li>c\n<p>more</p>\n</li></ul>\n" +
      '<ul>\n<li><input type="checkbox" disabled checked> d\n</li></ul>\n<blockquote>\n<p>e</p>\n</blockquote>\n<pre><code>f</code></pre>\n<p>g<br>h</p>',
  },
  {
    what: "a table",
    state: rich(
      element(
        "table",
        {},
        element("tableRow", {}, element("tableHeader", {}, block({}, "A|B")), element("tableHeader", {}, block({}, "C"))),
        element("tableRow", {}, element("tableCell", {}, block({}, "1"), block({}, "2"))),
      ),
    ),
    text: "A|B\tC\n1 2",
    markdown: "| A\\|B | C |\n| --- | --- |\n| 1<br>2 |  |\n",
    html: "<table>\n<tr><th><p>A|B</p></th><th><p>C</p></th></tr>\n<tr><td><p>1</p>\n<p>2</p></td></tr>\n</table>",
  },
  {
    what: "a code document with its title",
    state: stateOf((doc) => {
      doc.getMap("meta").set("title", "Not content");
      doc.getText("text").insert(0, "let a = `<b>`;\n");
    }),
    text: "let a = `<b>`;\n",
    markdown: "```\nlet a = `<b>`;\n\n```\n",
    html: "<pre>let a = `&lt;b&gt;`;\n</pre>",
  },
  {
    what: "a Quill text",
    state: stateOf((doc) =>
      doc.getText("quill").applyDelta([{ insert: "plain " }, { insert: "bold", attributes: { bold: true } }, { insert: "\nnext" }]),
    ),
    text: "plain bold\nnext",
    markdown: "plain **bold**\n\nnext\n",
    html: "<p>plain <strong>bold</strong></p>\n<p>next</p>",
  },
  {
    what: "texts in maps and lists, in the order of names",
    state: stateOf((doc) => {
      doc.getMap("z").set("b", "second");
      doc.getMap("z").set("a", new Y.Text("first"));
      doc.getArray("a").insert(0, ["zeroth", 7]);
    }),
    text: "zeroth\nfirst\nsecond",
    markdown: "```\nzeroth\n```\n\n```\nfirst\n```\n\n```\nsecond\n```\n",
    html: "<pre>zeroth</pre>\n<pre>first</pre>\n<pre>second</pre>",
  },
  { what: "nothing", state: stateOf(() => {}), text: "", markdown: "", html: "" },
  {
    what: "only what was deleted",
    state: stateOf((doc) => void (doc.getText("text").insert(0, "gone"), doc.getText("text").delete(0, 4))),
    text: "",
    markdown: "",
    html: "",
  },
];

describe.each(cases)("content of $what", ({ state, text, markdown, html }) => {
  test("as text", () => expect(contentOf(state, "text")).toBe(text));
  test("as Markdown", () => expect(contentOf(state, "markdown")).toBe(markdown));
  test("as HTML", () => expect(contentOf(state, "html")).toBe(html));
  test("as an update that gives the same content", () => {
    const answer = engine.perform({ type: "content", parts: [state], format: "update" });
    expect(answer.ok && contentOf(answer.value, "html")).toBe(html);
  });
});

describe("hostile content", () => {
  const links = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    'https://a.example/\n"onclick=x',
    'https://a.example/"><script>',
    "vbscript:x",
    7,
    { toString: "https://a.example" },
  ];

  test.each(links.map((href) => [href]))("[P9] the link target %j is dropped, its text kept", (href) => {
    const state = rich(block({}, [["text", { link: { href } }]]));
    expect(contentOf(state, "html")).toBe("<p>text</p>");
    expect(contentOf(state, "markdown")).toBe("text\n");
  });

  test("[P9] markup in text, code, cells, attributes and names stays text", () => {
    const evil = "<script>alert(1)</script><img src=x onerror=y>&\"'";
    const state = rich(
      block({ kind: evil, list: evil, level: evil, indent: evil }, evil),
      block({ kind: "code" }, evil),
      element(evil, { [evil]: evil }, paragraph(evil)),
      element("table", {}, element("tableRow", {}, element("tableCell", {}, block({}, evil)))),
      element("image", { src: "javascript:x", alt: evil }),
    );
    const html = contentOf(state, "html");
    expect(html.replace(/<\/?(?:p|pre|code|table|tr|td)>/g, "")).not.toMatch(/[<>"']/);
    expect(contentOf(state, "markdown").replace(/```[^]*?```/g, "")).not.toMatch(/(?<!\\)</);
  });

  test.each([
    ["# no heading", "\\# no heading"],
    ["- no item", "\\- no item"],
    ["1. no item", "1\\. no item"],
    ["> no quote", "\\> no quote"],
    ["*no* _emphasis_ `code`", "\\*no\\* \\_emphasis\\_ \\`code\\`"],
    ["[no](link) ![no](image)", "\\[no\\](link) \\!\\[no\\](image)"],
    ["    no code", "no code"],
    ["---", "\\---"],
    ["a\n# b", "a\\\n\\# b"],
    ["<b>&amp;", "\\<b\\>\\&amp;"],
  ])("the text %j is escaped in Markdown", (text, markdown) => {
    expect(contentOf(rich(block({}, text)), "markdown")).toBe(`${markdown}\n`);
  });

  test("[P9] JSON gives keys no power", () => {
    const state = stateOf((doc) => {
      doc.getMap("__proto__").set("polluted", true);
      doc.getMap("map").set("__proto__", { polluted: true });
      doc.getMap("map").set("value", [JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')]);
    });
    const json = contentOf(state, "json");
    expect(json).not.toContain("polluted");
    expect(JSON.parse(json)).toEqual({ map: { value: [{ constructor: 1 }] } });
  });

  test("[P9] types nested a thousand deep are answered in every format", () => {
    const nested = Array.from({ length: 999 }, (_, at) =>
      item({ kind: 7, write: (encoder) => contents.raw(7, 3, 1, 112).write(encoder) }, { parent: [1, at] }),
    );
    const state = anUpdate([[1, 0, item(contents.raw(7, 3, 1, 112)), ...nested]]);
    for (const format of ["text", "markdown", "html", "json"] as const) expect(contentOf(state, format).length).toBeLessThan(20_000);
  });
});

describe("JSON", () => {
  test("names every top-level type by what is in it", () => {
    const state = stateOf((doc) => {
      doc.getText("text").insert(0, "plain");
      doc.getMap("map").set("n", 1);
      doc.getMap("map").set("inner", new Y.Map([["deep", [1, null]]]));
      doc.getMap("map").set("big", 2n ** 60n);
      doc.getMap("map").set("bytes", new Uint8Array([1, 2]));
      doc.getArray("list").insert(0, [true, new Y.Text("t"), { a: "b" }]);
      doc.getText("code").insert(0, "x");
      doc.getText("code").delete(0, 1);
    });
    expect(JSON.parse(contentOf(state, "json"))).toEqual({
      code: null,
      list: [true, "t", { a: "b" }],
      map: { big: "1152921504606846976", bytes: [1, 2], inner: { deep: [1, null] }, n: 1 },
      text: "plain",
    });
  });

  test("has rich text in ProseMirror's form", () => {
    const state = rich(
      block({ kind: "heading", level: 2 }, [
        ["a", {}],
        ["b", { bold: {}, link: { href: "https://a.example" } }],
      ]),
    );
    expect(JSON.parse(contentOf(state, "json"))).toEqual({
      default: {
        type: "doc",
        content: [
          {
            type: "block",
            attrs: { kind: "heading", level: 2 },
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b", marks: [{ type: "bold" }, { type: "link", attrs: { href: "https://a.example" } }] },
            ],
          },
        ],
      },
    });
  });
});
