import { Fragment, Slice } from "@tiptap/pm/model";
import { expect, it } from "vitest";
import type { BlobAnswer } from "@inkmesh/client";
import * as Y from "yjs";
import { beginDocument } from "../../../../client/app/document-meta.ts";
import { plainBlock, writeBlock } from "../../../../client/app/rich-text/block-attributes.ts";
import { bringImages, putBack, takeOutImages } from "../../../../client/app/rich-text/pasted-images.ts";
import { BoundEditor } from "./bound-editor.ts";

const blobOf = (digit: string): string => `sha256-${digit.repeat(64)}`;

/** A document with one line, in which one stands, and what is said and asked for. */
function aPaste(line: string, ...copied: readonly string[]) {
  const doc = new Y.Doc();
  beginDocument(doc, "text");
  const bound = new BoundEditor(doc);
  bound.caret(0, 0).type(line);
  const { image, block } = bound.state.schema.nodes;
  const nodes = copied.map((each) =>
    each.startsWith("image ")
      ? image!.create({ blob: blobOf(each.at(-1)!) })
      : block!.create(writeBlock(plainBlock), bound.state.schema.text(each)),
  );
  const asked: [string, string][] = [];
  const answers: ((answer: BlobAnswer) => void)[] = [];
  const said: string[] = [];
  const editor = {
    get state() {
      return bound.state;
    },
    isEditable: true,
    isDestroyed: false,
    view: { dispatch: (transaction: typeof bound.state.tr) => void bound.run((_, dispatch) => (dispatch?.(transaction), true)) },
  };
  const bring = (name: string, from: string) => {
    asked.push([name, from]);
    return new Promise<BlobAnswer>((resolve) => answers.push(resolve));
  };
  const transaction = bound.state.tr.replaceSelection(new Slice(Fragment.from(nodes), 0, 0));
  const placed = takeOutImages(transaction);
  editor.view.dispatch(transaction);
  const bringing = bringImages(editor, placed, {
    room: { blobs: { bring } as never },
    rooms: new Map([[blobOf("a"), "this one"]]),
    say: (sentence) => said.push(sentence),
  });
  const answer = async (type: "found" | "not-found"): Promise<void> => {
    answers.shift()!(type === "found" ? { type, bytes: Uint8Array.of(1) } : { type });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { bound, editor, asked, said, answer, bringing };
}

const shape = ({ state }: BoundEditor): readonly string[] =>
  state.doc.children.map((node) => (node.type.name === "image" ? `image ${String(node.attrs["blob"]).at(-1)}` : node.textContent));

it("[P7] words are in at once, images follow at their places when their bytes are here, of whichever document they are", async () => {
  const { bound, asked, answer, bringing } = aPaste("here", "one", "image a", "image b", "two", "image c");
  expect(shape(bound)).toEqual(["here", "one", "two"]);
  bound.type(" typed on");
  const caret = () => bound.state.selection.$from.parent.textContent;
  const line = caret();
  await answer("found");
  expect([asked[0], caret()]).toEqual([[blobOf("a"), "this one"], line]);
  await answer("found");
  await answer("found");
  await bringing;
  expect(shape(bound).filter((each) => each !== "here")).toEqual(["one", "image a", "image b", expect.stringContaining("two"), "image c"]);
  expect(caret()).toBe(line);
});

it("[P2] what cannot be had is left out, and said", async () => {
  const { bound, said, answer, bringing } = aPaste("", "image a", "one", "image b");
  await answer("not-found");
  await answer("found");
  await bringing;
  expect(shape(bound)).toEqual(["one", "image b"]);
  expect(said).toEqual([expect.stringContaining("1 image could not be fetched, and was left out.")]);
});

it("an image alone, pasted over all there is, leaves a line to go on in", async () => {
  const { bound, answer, bringing } = aPaste("", "image a");
  expect(shape(bound)).toEqual([""]);
  await answer("found");
  await bringing;
  expect(shape(bound)).toContain("image a");
});

it("others' changes meanwhile move the place, and nobody's words", async () => {
  const { bound, answer, bringing } = aPaste("here", "one", "image a", "two");
  const other = new BoundEditor(new Y.Doc());
  Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(bound.doc));
  other.caret(0, 0).type("above ");
  Y.applyUpdate(bound.doc, Y.encodeStateAsUpdate(other.doc));
  await answer("found");
  await bringing;
  expect(shape(bound)).toEqual(["above here", "one", "image a", "two"]);
});

it("[P7] an image that undoing puts back is known, and none that is there already", async () => {
  const { bound, answer, bringing } = aPaste("here", "one", "image a", "two");
  await answer("found");
  await bringing;
  const step = (change: () => void): readonly string[] => {
    const before = bound.state;
    change();
    return putBack(before, bound.state);
  };
  // Half a second makes another step to undo.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const at = bound.state.doc.children.slice(0, 2).reduce((sum, { nodeSize }) => sum + nodeSize, 0);
  expect(step(() => bound.run(({ tr }, dispatch) => (dispatch?.(tr.delete(at, at + 1)), true)))).toEqual([]);
  expect(shape(bound)).not.toContain("image a");
  expect(step(() => bound.undo())).toEqual([blobOf("a")]);
  expect(step(() => bound.caret(0).type("x"))).toEqual([]);
});
