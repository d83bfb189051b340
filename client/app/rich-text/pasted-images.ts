/**
 * PastedImages: the images of what was copied in a document, this one or another. The words are put in at once, where one stands; the
 * images follow, each at its place among them, when their bytes are on this device as this document's: what a clipboard names may be of
 * another mesh, or gone here since.
 *
 * Invariants: no node is there before its bytes; the caret stays where it is; what cannot be had is left out, and said.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import type { EditorState, Transaction } from "@tiptap/pm/state";
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import { plainBlock, writeBlock } from "./block-attributes.ts";
import { type ImageAttributes, isImage, readImage, writeImage } from "./image-node.ts";
import { notBrought } from "./image-words.ts";
import { keepPlace } from "./kept-place.ts";

/** What is seen of an editor. */
interface TextEditor {
  readonly state: EditorState;
  readonly isEditable: boolean;
  readonly isDestroyed: boolean;
  readonly view: { dispatch(transaction: Transaction): void };
}

interface PlacedImage {
  readonly image: ImageAttributes;
  /** In the transaction's document. */
  readonly position: number;
}

/** Takes the images out of what a transaction puts into its document. */
export function takeOutImages(transaction: Transaction): readonly PlacedImage[] {
  const found: (PlacedImage & { readonly size: number })[] = [];
  const { start, end } = changedRange(transaction);
  transaction.doc.nodesBetween(start, end, (node, position) => {
    if (isImage(node) && position >= start) found.push({ image: readImage(node.attrs), position, size: node.nodeSize });
  });
  const stepsBefore = transaction.mapping.maps.length;
  if (found.length === transaction.doc.childCount) {
    const { block } = transaction.doc.type.schema.nodes;
    transaction.insert(transaction.doc.content.size, block!.create(writeBlock(plainBlock)));
  }
  for (const { position, size } of found.toReversed()) transaction.delete(position, position + size);
  const after = transaction.mapping.slice(stepsBefore);
  return found.map(({ image, position }) => ({ image, position: after.map(position, -1) }));
}

/** Brings the bytes of images into the room, and each to its place. `rooms`: which document each name was copied in. */
export async function bringImages(
  editor: TextEditor,
  images: readonly PlacedImage[],
  surroundings: {
    readonly room: Pick<InkmeshRoom, "blobs">;
    readonly rooms: ReadonlyMap<string, string>;
    readonly say: (sentence: string) => void;
  },
): Promise<void> {
  const { room, rooms, say } = surroundings;
  const kept = images.map(({ image, position }) => ({ image, place: keepPlace(editor, position) }));
  let lost = 0;
  for (const { image, place } of kept) {
    const answer = await room.blobs.bring(image.blob, rooms.get(image.blob) ?? "").catch(() => undefined);
    if (editor.isDestroyed || !editor.isEditable) return;
    if (answer?.type === "found") editor.view.dispatch(placeImage(editor.state, place(), image));
    else lost += 1;
  }
  if (lost > 0) say(notBrought(lost));
}

/** Names of images that undoing or redoing has put back: relays may have collected them meanwhile. */
export function putBack(before: EditorState, after: EditorState): readonly string[] {
  const isUndo = (ySyncPluginKey.getState(after) as { isUndoRedoOperation?: boolean } | undefined)?.isUndoRedoOperation === true;
  if (!isUndo || before.doc.eq(after.doc)) return [];
  const there = new Set(blobsIn(before));
  return [...new Set(blobsIn(after))].filter((blob) => !there.has(blob));
}

function blobsIn({ doc }: EditorState): readonly string[] {
  return doc.children.filter(isImage).map(({ attrs }) => readImage(attrs).blob);
}

/** What the steps changed, in the document after them. */
function changedRange({ mapping, doc }: Transaction): { readonly start: number; readonly end: number } {
  let [start, end] = [doc.content.size, 0];
  mapping.maps.forEach((map, index) => {
    const later = mapping.slice(index + 1);
    map.forEach((_from, _to, from, to) => {
      start = Math.min(start, later.map(from, -1));
      end = Math.max(end, later.map(to, 1));
    });
  });
  return { start: Math.min(start, end), end };
}

/** An image between the blocks at a position. */
function placeImage(state: EditorState, position: number, image: ImageAttributes): Transaction {
  const $place = state.doc.resolve(Math.min(position, state.doc.content.size));
  return state.tr.insert($place.depth === 0 ? $place.pos : $place.after(1), state.schema.nodes["image"]!.create(writeImage(image)));
}
