/**
 * CopiedImages: the images of a document, put into its copy: a few at a time, and not for longer than somebody waits for a copy.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import { imageName } from "@inkmesh/shared/engine/editor-content";
import * as Y from "yjs";
import { textField } from "./document-meta.ts";

/** More fill the line, and this page's memory. */
const atOnce = 3;
const withinMs = 60_000;

/** Brings what a document names into a room; answers how many could not be had. */
export async function copyImages(doc: Y.Doc, from: string, room: Pick<InkmeshRoom, "blobs">): Promise<number> {
  const names = [...imagesIn(doc)];
  let missing = names.length;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
  const bringAll = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const answer = await room.blobs.bring(name, from).catch(() => undefined);
      if (answer?.type === "found") missing -= 1;
    }
  };
  await Promise.race([Promise.all(Array.from({ length: atOnce }, bringAll)), isLate]);
  clearTimeout(timer);
  names.length = 0;
  return missing;
}

/** The names of all images of a document. */
function imagesIn(doc: Y.Doc): ReadonlySet<string> {
  const elements = doc.getXmlFragment(textField).toArray();
  const names = elements.map((element) =>
    element instanceof Y.XmlElement && element.nodeName === imageName ? element.getAttribute("blob") : undefined,
  );
  return new Set(names.filter((name) => name !== undefined));
}

/** Said on the page of the document that was copied: there they still are, if anywhere. */
export function copyLacks(count: number): string {
  return count === 1
    ? "A copy was made, without 1 image that could not be fetched. This document stays; the copy is on the start page."
    : `A copy was made, without ${count} images that could not be fetched. This document stays; the copy is on the start page.`;
}
