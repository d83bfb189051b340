/**
 * ContentImage: an image of a document in the formats that are read and written: its address is `blobs/<name>`, as seen from
 * `/api/rooms/<room>/content`, so that it leads to where the relays answer with the bytes. No other address is an image: nothing of a
 * document is loaded from elsewhere.
 *
 * In a document an image is a block. Texts have it among words, or alone in a paragraph: what is around it becomes blocks before and
 * behind it.
 */
import { isBlobName } from "../base/blob-name.ts";
import { joined, pixels, type ContentBlock, type ImageBlock, type Inline, type TextBlock } from "./content-block.ts";

const folder = "blobs/";

/** Where an image is, as seen from the document's content. */
export function imageAddress({ blob }: ImageBlock): string {
  return folder + blob;
}

/** The image at an address; undefined where that is none of the document's. Sizes may be given as text. */
export function imageAt(
  address: string | undefined,
  { alt, width, height }: { readonly alt: string; readonly width?: string | undefined; readonly height?: string | undefined },
): ImageBlock | undefined {
  const blob = address?.startsWith(folder) === true ? address.slice(folder.length) : undefined;
  return blob !== undefined && isBlobName(blob) ? { type: "image", blob, alt, width: pixels(width), height: pixels(height) } : undefined;
}

/** What describes an image as one line. */
export function altLine({ alt }: ImageBlock): string {
  return alt.replaceAll(/\s+/g, " ").trim();
}

/** Blocks in which each image that a reader found among words is one. */
export function imagesApart(blocks: readonly ContentBlock[]): readonly ContentBlock[] {
  return blocks.flatMap((block) =>
    block.type === "text" && block.inlines.some(({ image }) => image !== undefined) ? parted(block) : [block],
  );
}

/** Inlines where no image may stand: what describes it stays. */
export function imagesAsWords(inlines: readonly Inline[]): readonly Inline[] {
  return joined(inlines.map(({ image, ...inline }) => (image === undefined ? inline : { ...inline, type: "text" })));
}

function parted(block: TextBlock): readonly ContentBlock[] {
  const blocks: ContentBlock[] = [];
  let words: Inline[] = [];
  const endWords = (): void => {
    const inlines = trimmed(words);
    if (inlines.length > 0) blocks.push({ ...block, inlines });
    words = [];
  };
  for (const inline of block.inlines) {
    if (inline.image === undefined) {
      words.push(inline);
      continue;
    }
    endWords();
    blocks.push(inline.image);
  }
  endWords();
  return blocks;
}

/** Without the blanks and line breaks that set an image apart. */
function trimmed(inlines: readonly Inline[]): readonly Inline[] {
  const last = inlines.length - 1;
  return joined(
    inlines.map((inline, at) => {
      const text = at === 0 ? inline.text.trimStart() : inline.text;
      return { ...inline, text: at === last ? text.trimEnd() : text };
    }),
  );
}
