/**
 * ImageInsertion: how images come into the text: pasted, dropped, chosen from the disk, or copied in another document; and what keys do
 * while one is selected.
 *
 * Taking a file needs a moment, in which one may type on and others may, too: the place is kept through their changes. The line in
 * which one stands stays whole: an image comes below it, or before it where it is empty.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import { Extension, type Editor } from "@tiptap/core";
import { type EditorState, Plugin, PluginKey, Selection, TextSelection, type Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import {
  absolutePositionToRelativePosition,
  type ProsemirrorBinding,
  relativePositionToAbsolutePosition,
  ySyncPluginKey,
} from "@tiptap/y-tiptap";
import type { Doc, RelativePosition } from "yjs";
import { plainBlock, writeBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";
import { takeFiles, type Taken } from "./image-intake.ts";
import { type ImageAttributes, selectedImage, writeImage } from "./image-node.ts";
import { focusDescription } from "./image-view.ts";
import { leftElsewhere, notBrought } from "./image-words.ts";

interface Surroundings {
  readonly room: Pick<InkmeshRoom, "blobs" | "name">;
  /** Says something to the person. */
  readonly say: (sentence: string) => void;
}

/** Puts files in as images: at `position`, or where the caret is. */
export async function insertFiles(editor: Editor, files: readonly File[], { room, say }: Surroundings, position?: number): Promise<void> {
  const place = keepPlace(editor, position ?? editor.state.selection.to);
  const { images, refusals }: Taken = await takeFiles(room, files);
  if (refusals.length > 0) say(refusals.join(" "));
  if (images.length === 0 || editor.isDestroyed || !editor.isEditable) return;
  editor.view.dispatch(insertImages(editor.state, place(), images).scrollIntoView());
}

/** Images between the blocks at a position, and the caret behind them. */
export function insertImages(state: EditorState, position: number, images: readonly ImageAttributes[]): Transaction {
  const { image, block } = state.schema.nodes;
  const transaction = state.tr;
  if (image === undefined || block === undefined) return transaction;
  const $place = state.doc.resolve(Math.min(position, state.doc.content.size));
  const line = $place.depth === 0 ? undefined : $place.node(1);
  const isEmptyLine = line !== undefined && isBlock(line) && line.content.size === 0;
  const at = $place.depth === 0 ? $place.pos : isEmptyLine ? $place.before(1) : $place.after(1);
  transaction.insert(
    at,
    images.map((attributes) => image.create(writeImage(attributes))),
  );
  const behind = at + images.length;
  const goOn = () => Selection.findFrom(transaction.doc.resolve(behind), 1, true);
  if (goOn() === null) transaction.insert(behind, block.create(writeBlock(plainBlock)));
  return transaction.setSelection(goOn() ?? transaction.selection);
}

export function imageInsertion(surroundings: Surroundings) {
  return Extension.create({
    name: "imageInsertion",
    // Before the keys of blocks, which know of no image.
    priority: 160,
    addKeyboardShortcuts() {
      return {
        Tab: () => selectedImage(this.editor.state) !== undefined && focusDescription(this.editor.view, this.editor.state.selection.from),
        Enter: () => writeBelow(this.editor.view, ""),
      };
    },
    addProseMirrorPlugins() {
      const { editor } = this;
      let isBrought = false;
      const paste = (html: string): void => {
        isBrought = true;
        editor.view.pasteHTML(html);
        isBrought = false;
      };
      return [
        new Plugin({
          key: new PluginKey("imageInsertion"),
          props: {
            // What one types while an image is selected would take its place.
            handleTextInput: (view, _from, _to, text) => writeBelow(view, text),
            handlePaste: (_view, event) => !isBrought && pasted(editor, event.clipboardData, surroundings, paste),
            handleDrop: (view, event, _slice, isMoved) => {
              const files = filesOf(event.dataTransfer);
              if (isMoved || files.length === 0) return false;
              const position = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
              void insertFiles(editor, files, surroundings, position ?? view.state.doc.content.size);
              return true;
            },
          },
        }),
      ];
    },
  });
}

/** A new line under the selected image; false where none is. */
function writeBelow({ state, dispatch }: EditorView, text: string): boolean {
  const { block } = state.schema.nodes;
  if (selectedImage(state) === undefined || block === undefined) return false;
  const { to } = state.selection;
  const line = block.create(writeBlock(plainBlock), text === "" ? null : state.schema.text(text));
  const transaction = state.tr.insert(to, line);
  dispatch(transaction.setSelection(TextSelection.create(transaction.doc, to + 1 + text.length)).scrollIntoView());
  return true;
}

/** Whether the images of what is pasted are dealt with here. `paste` pastes HTML as if none were. */
function pasted(editor: Editor, clipboard: DataTransfer | null, surroundings: Surroundings, paste: (html: string) => void): boolean {
  const page = new DOMParser().parseFromString(clipboard?.getData("text/html") ?? "", "text/html");
  const images = [...page.querySelectorAll("img")];
  const files = filesOf(clipboard);
  // An image that is copied alone is on the clipboard as a file and as the HTML of its page.
  if (files.length > 0 && (page.body.textContent ?? "").trim() === "" && images.every(({ dataset }) => dataset["blob"] === undefined)) {
    void insertFiles(editor, files, surroundings);
    return true;
  }
  const others = images.filter(({ dataset }) => dataset["blob"] !== undefined && dataset["room"] !== surroundings.room.name);
  const elsewhere = images.length - images.filter(({ dataset }) => dataset["blob"] !== undefined).length;
  if (elsewhere > 0) surroundings.say(leftElsewhere(elsewhere));
  if (others.length === 0) return false;
  void bringAlong(others, surroundings).then(() => !editor.isDestroyed && editor.isEditable && paste(page.body.innerHTML));
  return true;
}

/** Has the images of another document in this one, too; takes out of the page what cannot be had. */
async function bringAlong(others: readonly HTMLImageElement[], { room, say }: Surroundings): Promise<void> {
  let lost = 0;
  for (const image of others) {
    const { blob = "", room: from = "" } = image.dataset;
    const answer = await room.blobs.bring(blob, from).catch(() => undefined);
    if (answer?.type === "found") continue;
    lost += 1;
    image.remove();
  }
  if (lost > 0) say(notBrought(lost));
}

function filesOf(transfer: DataTransfer | null): readonly File[] {
  return [...(transfer?.files ?? [])];
}

/** Where a position is later, however the text changes around it: others' changes replace all of an editor's document. */
function keepPlace(editor: Editor, position: number): () => number {
  const binding = (): Binding | undefined => (ySyncPluginKey.getState(editor.state) as { binding?: Binding } | undefined)?.binding;
  const began = binding();
  const kept = began && (absolutePositionToRelativePosition(position, began.type, began.mapping) as RelativePosition);
  return () => {
    const now = binding();
    const found = now && kept && relativePositionToAbsolutePosition(now.doc, now.type, kept, now.mapping);
    return found ?? editor.state.selection.to;
  };
}

type Binding = ProsemirrorBinding & { readonly doc: Doc };
