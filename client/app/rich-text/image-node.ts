/**
 * The `image` node: a picture between blocks. The document has the name of its bytes, what describes it and its own size; the bytes are
 * kept beside the document (`RoomBlobs`), on this device before the node is there.
 *
 * On the clipboard it carries the document that it is from: pasted into another one, its bytes are brought along (`image-intake.ts`). It
 * carries no address: nothing is loaded by being looked at, from nowhere.
 */
import { Node } from "@tiptap/core";
import { isBlobName } from "@inkmesh/client";
import { imageName } from "@inkmesh/shared/engine/editor-content";
import type { Node as ProseMirrorNode } from "@tiptap/pm/model";
import type { EditorState } from "@tiptap/pm/state";
import { NodeSelection } from "@tiptap/pm/state";
import type { ImageSources } from "./image-sources.ts";
import { createImageView } from "./image-view.ts";

/** What the node has; values that come from others are read leniently. */
export interface ImageAttributes {
  readonly blob: string;
  readonly alt: string;
  /** Its own size, where that is known: what is shown keeps its place while it is fetched. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

const sideMax = 100_000;

export function readImage({ blob, alt, width, height }: Readonly<Record<string, unknown>>): ImageAttributes {
  const [wide, high] = [side(width), side(height)];
  return {
    blob: typeof blob === "string" ? blob : "",
    alt: typeof alt === "string" ? alt : "",
    size: wide === undefined || high === undefined ? undefined : { width: wide, height: high },
  };
}

/** Attributes as the node keeps them: what is not known is absent (null). */
export function writeImage({ blob, alt, size }: ImageAttributes): Record<string, unknown> {
  return { blob, alt: alt === "" ? null : alt, width: size?.width ?? null, height: size?.height ?? null };
}

export function isImage(node: ProseMirrorNode): boolean {
  return node.type.name === imageName;
}

/** The image that is selected, alone. */
export function selectedImage({ selection }: EditorState): ProseMirrorNode | undefined {
  return selection instanceof NodeSelection && isImage(selection.node) ? selection.node : undefined;
}

interface ImageOptions {
  /** The document's name, for the clipboard. */
  readonly room: string;
  /** Undefined: there is no page to show it on. */
  readonly sources: ImageSources | undefined;
}

export const Image = Node.create<ImageOptions>({
  name: imageName,
  group: "flow",
  atom: true,
  draggable: true,

  addOptions() {
    return { room: "", sources: undefined };
  },

  addAttributes() {
    const stored = { default: null, rendered: false };
    return { blob: stored, alt: stored, width: stored, height: stored };
  },

  parseHTML() {
    return [
      {
        tag: "img[data-blob]",
        getAttrs: (element: HTMLElement) => {
          const { blob = "" } = element.dataset;
          const [alt, width, height] = ["alt", "width", "height"].map((name) => element.getAttribute(name));
          return isBlobName(blob) && writeImage(readImage({ blob, alt, width, height }));
        },
      },
    ];
  },

  renderHTML({ node }) {
    const { blob, alt, size } = readImage(node.attrs);
    return ["img", { "data-blob": blob, "data-room": this.options.room, alt, ...size }];
  },

  renderText({ node }) {
    return readImage(node.attrs).alt;
  },

  addNodeView() {
    const { sources } = this.options;
    return sources === undefined ? null : createImageView(sources);
  },
});

function side(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= sideMax ? number : undefined;
}
