/**
 * ImageIntake: files as images of a document: looked at, measured, and kept on this device; only then may the document name them. What is
 * not taken is said, each in a sentence, so that nobody believes that it is there.
 */
import { blobBytesMax, type InkmeshRoom } from "@inkmesh/client";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";
import type { ImageAttributes } from "./image-node.ts";
import { noImage, notKept, tooLarge, tooMany, unreadableFile } from "./image-words.ts";

/** Files that are taken at a time: each is in memory for a moment. */
const filesMax = 20;

/** What was taken, and what is to be said of the rest. */
export interface Taken {
  readonly images: readonly ImageAttributes[];
  readonly refusals: readonly string[];
}

/** Takes files into the room's images, in order. */
export async function takeFiles(room: Pick<InkmeshRoom, "blobs">, files: readonly File[]): Promise<Taken> {
  const images: ImageAttributes[] = [];
  const refusals: string[] = [];
  for (const file of files.slice(0, filesMax)) {
    const taken = await takeFile(room, file);
    if (typeof taken === "string") refusals.push(taken);
    else images.push(taken);
  }
  if (files.length > filesMax) refusals.push(tooMany(filesMax));
  return { images, refusals };
}

/** The image, or why it is none. */
async function takeFile(room: Pick<InkmeshRoom, "blobs">, file: File): Promise<ImageAttributes | string> {
  if (file.size > blobBytesMax) return /^image\/|^$/.test(file.type) && file.type !== "image/svg+xml" ? tooLarge(file) : noImage(file);
  const bytes = await file.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => undefined,
  );
  if (bytes === undefined) return unreadableFile(file.name);
  const type = imageTypeOf(bytes);
  if (type === undefined) return noImage(file);
  const size = await sizeOf(new Blob([bytes], { type }));
  if (size === undefined) return unreadableFile(file.name);
  try {
    return { blob: await room.blobs.add(bytes), alt: "", size };
  } catch {
    return notKept(file.name);
  }
}

/** Undefined: this browser cannot show it. */
async function sizeOf(image: Blob): Promise<ImageAttributes["size"]> {
  const url = URL.createObjectURL(image);
  try {
    const shown = new globalThis.Image();
    shown.src = url;
    await shown.decode();
    return { width: shown.naturalWidth, height: shown.naturalHeight };
  } catch {
    return undefined;
  } finally {
    URL.revokeObjectURL(url);
  }
}
