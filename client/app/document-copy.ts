/**
 * DocumentCopy: a document's content as a new document, or as a file made without a relay.
 */
import type { Inkmesh, RoomStatus } from "@inkmesh/client";
import { imageName } from "@inkmesh/shared/engine/editor-content";
import * as Y from "yjs";
import { type AnyDocument, type AnyRoom, drawName, isYjs, openRoom } from "./any-room.ts";
import { wholeOf, wordsIn } from "./automerge-content.ts";
import { copyImages } from "./copied-images.ts";
import { codeField, metaOf, setTitle, textField } from "./document-meta.ts";

/** How long the copy may take to be written, before it is said that it was not. */
const writtenWithinMs = 15_000;

export interface DocumentCopy {
  readonly name: string;
  /** Images that it names and that could not be had. */
  readonly missingImages: number;
}

/** Makes a new document with the content of another one and its images; resolves once it is kept, rejects when it is not. */
export async function copyDocument(mesh: Inkmesh, { name, doc }: Pick<AnyRoom, "name" | "doc">): Promise<DocumentCopy> {
  const room = openRoom(mesh, await drawName(metaOf(doc).kind));
  let missingImages = 0;
  try {
    await room.whenLoaded;
    if (isYjs(doc)) missingImages = await copyImages(doc, name, room);
    copyContent(doc, room.doc);
    setTitle(room.doc, copiedTitle(metaOf(doc).title));
    await untilKept(room);
  } catch (failure) {
    // Nobody waits for what the disk is asked once more.
    room.close().catch(() => undefined);
    throw failure;
  }
  await room.close();
  return { name: room.name, missingImages };
}

function copyContent(from: AnyDocument, to: AnyDocument): void {
  if (isYjs(from) && isYjs(to)) Y.applyUpdate(to, Y.encodeStateAsUpdate(from), copyDocument);
  else if (!isYjs(from) && !isYjs(to)) to.merge(wholeOf(from));
  else throw new Error("A copy is of the same engine.");
}

/** Until the copy is on this device's disk or on a relay; where there is no disk, memory is all that was asked for. */
async function untilKept(room: AnyRoom): Promise<void> {
  const isKept = ({ device, notOnDevice, waiting }: RoomStatus) => device === "memory" || notOnDevice === 0 || waiting === 0;
  if (isKept(room.status)) return;
  await new Promise<void>((resolve, reject) => {
    const off = room.on("status", (status) => {
      if (!isKept(status)) return;
      clearTimeout(timer);
      off();
      resolve();
    });
    const timer = setTimeout(() => {
      off();
      reject(new Error("neither this device nor a relay has kept the copy"));
    }, writtenWithinMs);
  });
}

/** What to say when no copy could be made. */
export const noCopyMade = "No copy was made: neither this device nor a relay could keep it. The text is still here.";

/** The plain text of a document, made here: what is left to save when no relay can be asked. */
export function plainText(doc: AnyDocument): string {
  const { kind, title } = metaOf(doc);
  if (!isYjs(doc)) return `${title === "" ? "" : `${title}\n\n`}${wordsIn(doc)}\n`;
  if (kind === "code") return doc.getText(codeField).toString();
  const lines = [...textLines(doc.getXmlFragment(textField))];
  return [...(title === "" ? [] : [title, ""]), ...lines, ""].join("\n");
}

function* textLines(element: Y.XmlFragment): Generator<string> {
  for (const child of element.toArray()) {
    if (child instanceof Y.XmlText) yield textOf(child);
    else if (child instanceof Y.XmlElement && child.nodeName === "block") yield lineOf(child);
    else if (child instanceof Y.XmlElement && child.nodeName === imageName) yield `[${child.getAttribute("alt") ?? "image"}]`;
    else if (child instanceof Y.XmlFragment) yield* textLines(child);
  }
}

function lineOf(block: Y.XmlElement): string {
  const text = block
    .toArray()
    .map((child) => (child instanceof Y.XmlText ? textOf(child) : ""))
    .join("");
  const { list, checked, indent } = block.getAttributes() as Record<string, unknown>;
  const margin = "  ".repeat(typeof indent === "number" ? Math.min(8, Math.max(0, indent)) : 0);
  if (list === "task") return `${margin}[${checked === true ? "x" : " "}] ${text}`;
  return list === "bullet" || list === "ordered" ? `${margin}- ${text}` : text;
}

function textOf(text: Y.XmlText): string {
  return (text.toDelta() as { insert?: unknown }[]).map(({ insert }) => (typeof insert === "string" ? insert : "")).join("");
}

function copiedTitle(title: string): string {
  return title === "" ? "Copy of an untitled document" : `Copy of ${title}`;
}
