/**
 * Documents that were written over HTTP, in the editor: what a relay writes must be what the editor would have written.
 */
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { ContentFormat, WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { foreignContent } from "../../../../client/app/rich-text/foreign-content.ts";
import { BoundEditor } from "./bound-editor.ts";

const engine = new YjsEngine();

function edit(doc: Y.Doc, format: WrittenFormat, body: string): Uint8Array {
  const parts = doc.store.clients.size === 0 ? [] : [Y.encodeStateAsUpdate(doc)];
  const author =
    parts.length === 0 ? ({ type: "drawn", key: new Uint8Array(32) } as const) : ({ type: "given", client: 99, clock: 0 } as const);
  const update = engine.perform({ type: "write", parts, format, body, kind: "text", author });
  if (!update.ok) throw new Error(update.refusal.code);
  return update.value;
}

function written(format: WrittenFormat, body: string): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, edit(doc, format, body));
  return doc;
}

function shown(doc: Y.Doc, format: ContentFormat): string {
  const answer = engine.perform({ type: "content", parts: [Y.encodeStateAsUpdate(doc)], format });
  if (!answer.ok) throw new Error(answer.refusal.code);
  return new TextDecoder().decode(answer.value);
}

const markdown =
  "# Title\n\nSome **bold *and* slanted** words, [a link](<https://a.example/>), `code`.\n\n- one\n  1. first\n\n     under it\n- [x] done\n\n> said\n\n```\nif (a)\n\n  c\n```\n\n---\n\n| A | B |\n| --- | --- |\n| 1 | **2** |\n\n#### four\n\nend\\\nof it\n";

describe("a document that was written over HTTP", () => {
  it.each<[WrittenFormat, string]>([
    ["markdown", markdown],
    ["html", "<h1>T</h1><ul><li>a<p>b</p><ul><li>c</li></ul></li></ul><table><tr><td>x</td><td></td></tr></table><p><u>d</u><s>e</s></p>"],
    ["text", "one\n\ntwo"],
    ["markdown", ""],
    ["html", "<script>1</script>"],
    [
      "html",
      "<table></table><table><tr></tr><tr><td><hr><table><tr><td>in</td><td>side</td></tr></table></td><th><ul><li>a</li></ul></th></tr></table>",
    ],
  ])("as %s is known to the editor, fits its schema, and is not changed by being opened: %j", (format, body) => {
    const doc = written(format, body);
    const before = Y.encodeStateAsUpdate(doc);
    expect(foreignContent(doc.getXmlFragment("default"))).toBeUndefined();
    const editor = new BoundEditor(doc);
    editor.state.doc.check();
    expect(editor.lines.length).toBeGreaterThan(0);
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before);
  });

  it("changes by what is typed in it and nothing else, and shows what is written meanwhile", () => {
    const doc = written("markdown", markdown);
    const editor = new BoundEditor(doc);
    const before = shown(doc, "markdown");
    editor.caret(1).type("x");
    expect(shown(doc, "markdown")).toBe(before.replace("`code`.", "`code`.x"));
    Y.applyUpdate(doc, edit(doc, "markdown", shown(doc, "markdown").replace("# Title", "## A title").replace("- one", "1. one")));
    expect([editor.lines[0], editor.lines[2]]).toEqual(["h2 A title", "# one"]);
    editor.state.doc.check();
    editor.caret(0).type("y");
    expect(shown(doc, "markdown").startsWith("## A titley\n")).toBe(true);
  });
});
