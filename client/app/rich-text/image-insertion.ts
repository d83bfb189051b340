/**
 * ImageInsertion: how images come into the text: pasted, dropped, chosen from the disk, or copied in another document; and what keys do
 * while one is selected.
 *
 * Taking a file needs a moment, in which one may type on and others may, too: the place is kept through their changes. The line in
 * which one stands stays whole: an image comes below it, or before it where it is empty.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import { Extension, type Editor } from "@tiptap/core";
import { dropPoint } from "@tiptap/pm/transform";
import { type EditorState, Plugin, PluginKey, Selection, TextSelection, type Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { plainBlock, writeBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";
import { takeFiles, type Taken } from "./image-intake.ts";
import { type ImageAttributes, selectedImage, writeImage } from "./image-node.ts";
import { focusDescription } from "./image-view.ts";
import { leftElsewhere } from "./image-words.ts";
import { keepPlace } from "./kept-place.ts";
import { bringImages, putBack, takeOutImages } from "./pasted-images.ts";

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
      return [
        new Plugin({
          key: new PluginKey("imageInsertion"),
          // What the device still has of it is offered once more.
          view: () => ({
            update: ({ state }, before) => {
              const { room } = surroundings;
              for (const blob of putBack(before, state)) void room.blobs.bring(blob, room.name).catch(() => undefined);
            },
          }),
          props: {
            // What one types while an image is selected would take its place.
            handleTextInput: (view, _from, _to, text) => writeBelow(view, text),
            handlePaste: ({ state }, event, slice) => {
              const put = (): Transaction => state.tr.replaceSelection(slice);
              return takeIn(editor, event.clipboardData, surroundings, { at: state.selection.to, put });
            },
            handleDrop: ({ state }, event, slice, isMoved) => {
              if (isMoved) return false;
              const at = placeUnder(editor.view, event);
              const put = (): Transaction => {
                const point = dropPoint(state.doc, at, slice) ?? at;
                return state.tr.replaceRange(point, point, slice);
              };
              return takeIn(editor, event.dataTransfer, surroundings, { at, put });
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

/** Whether what is pasted or dropped is dealt with here. `put`: puts in what the HTML has. */
function takeIn(
  editor: Editor,
  transfer: DataTransfer | null,
  surroundings: Surroundings,
  { at, put }: { readonly at: number; readonly put: () => Transaction },
): boolean {
  const page = new DOMParser().parseFromString(transfer?.getData("text/html") ?? "", "text/html");
  const images = [...page.querySelectorAll("img")];
  const ours = images.filter(({ dataset }) => dataset["blob"] !== undefined);
  const files = filesOf(transfer);
  // An image that is copied alone is there as a file and as the HTML of its page.
  if (files.length > 0 && (page.body.textContent ?? "").trim() === "" && ours.length === 0) {
    void insertFiles(editor, files, surroundings, at);
    return true;
  }
  if (images.length > ours.length) surroundings.say(leftElsewhere(images.length - ours.length));
  if (ours.length === 0) return false;
  const rooms = new Map(ours.map(({ dataset: { blob = "", room = "" } }) => [blob, room]));
  const transaction = put();
  const placed = takeOutImages(transaction);
  editor.view.dispatch(transaction.scrollIntoView());
  void bringImages(editor, placed, { ...surroundings, rooms });
  return true;
}

function placeUnder(view: EditorView, { clientX, clientY }: MouseEvent): number {
  return view.posAtCoords({ left: clientX, top: clientY })?.pos ?? view.state.doc.content.size;
}

function filesOf(transfer: DataTransfer | null): readonly File[] {
  return [...(transfer?.files ?? [])];
}
