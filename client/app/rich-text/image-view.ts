/**
 * ImageView: an image on the page. Its place has the image's proportions from the beginning, so that nothing moves when it comes. While it
 * is selected a field for its description is under it: Tab goes there, Enter and Escape come back.
 *
 * The image is told to a screen reader by its description, or as one without; what is in its place meanwhile is told, too.
 */
import type { NodeViewRenderer } from "@tiptap/core";
import type { EditorView, NodeView } from "@tiptap/pm/view";
import { NodeSelection } from "@tiptap/pm/state";
import { type ImageAttributes, isImage, readImage } from "./image-node.ts";
import type { ImageSources, ImageState } from "./image-sources.ts";
import { failureWords } from "./image-words.ts";

/** Without this nobody who does not see it would know that it is there. */
const undescribed = "Image without a description";
/** What describes an image may be as long as this: longer belongs into the text. */
const altMax = 500;

/** The node view of images, for Tiptap. */
export function createImageView(sources: ImageSources): NodeViewRenderer {
  return ({ node, view, getPos }) => new ImageView({ sources, view, getPos, image: readImage(node.attrs) });
}

/** The field for the description of the image at `position`, to be focused. */
export function focusDescription(view: EditorView, position: number): boolean {
  const dom = view.nodeDOM(position);
  const field = dom instanceof HTMLElement ? dom.querySelector<HTMLInputElement>(".image-alt input") : null;
  field?.focus();
  return field !== null;
}

class ImageView implements NodeView {
  readonly dom = document.createElement("figure");
  readonly #frame = this.dom.appendChild(document.createElement("div"));
  readonly #img = document.createElement("img");
  readonly #words = document.createElement("p");
  readonly #label = document.createElement("label");
  readonly #field = document.createElement("input");
  readonly #view: EditorView;
  readonly #getPos: () => number | undefined;
  readonly #unwatch: () => void;
  #image: ImageAttributes;
  #state: ImageState = { type: "loading" };

  constructor({
    sources,
    view,
    getPos,
    image,
  }: {
    sources: ImageSources;
    view: EditorView;
    getPos: () => number | undefined;
    image: ImageAttributes;
  }) {
    this.#view = view;
    this.#getPos = getPos;
    this.#image = image;
    this.dom.className = "image";
    this.#frame.className = "image-frame";
    this.#words.className = "image-words";
    this.#img.draggable = false;
    // An image that was taken away, or is another by now, says nothing of the one that is shown.
    this.#img.addEventListener(
      "error",
      () => this.#state.type === "shown" && this.#img.src === this.#state.url && sources.unreadable(image.blob),
    );
    this.#buildField();
    this.#paint();
    this.#unwatch = sources.watch(image.blob, (state) => {
      this.#state = state;
      this.#paint();
    });
  }

  update(node: Parameters<NonNullable<NodeView["update"]>>[0]): boolean {
    const image = readImage(node.attrs);
    if (!isImage(node) || image.blob !== this.#image.blob) return false;
    // What somebody else says of it does not replace what is being written here, only what was not touched.
    if (this.#field.value === this.#image.alt || document.activeElement !== this.#field) this.#field.value = image.alt;
    this.#image = image;
    this.#paint();
    return true;
  }

  selectNode(): void {
    this.dom.classList.add("ProseMirror-selectednode");
  }

  deselectNode(): void {
    this.dom.classList.remove("ProseMirror-selectednode");
  }

  stopEvent(event: Event): boolean {
    return event.target instanceof Node && this.#label.contains(event.target);
  }

  ignoreMutation(): boolean {
    return true;
  }

  destroy(): void {
    this.#unwatch();
  }

  #buildField(): void {
    this.#label.className = "image-alt";
    this.#label.append("Description", this.#field);
    this.#field.type = "text";
    this.#field.maxLength = altMax;
    this.#field.placeholder = "What does the image show?";
    this.#field.value = this.#image.alt;
    this.#field.addEventListener("change", () => this.#describe());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") this.#field.value = this.#image.alt;
      else this.#describe();
      this.#comeBack();
    });
    this.dom.append(this.#label);
  }

  #describe(): void {
    const position = this.#getPos();
    const alt = this.#field.value.trim();
    if (position === undefined || alt === this.#image.alt || !this.#view.editable) return;
    this.#view.dispatch(this.#view.state.tr.setNodeAttribute(position, "alt", alt === "" ? null : alt));
  }

  #comeBack(): void {
    const position = this.#getPos();
    if (position === undefined) return;
    this.#view.dispatch(this.#view.state.tr.setSelection(NodeSelection.create(this.#view.state.doc, position)));
    this.#view.focus();
  }

  #paint(): void {
    const { alt, size } = this.#image;
    const { type } = this.#state;
    this.dom.dataset["state"] = type;
    this.dom.toggleAttribute("data-sized", size !== undefined);
    this.#frame.style.aspectRatio = size === undefined ? "" : `${size.width} / ${size.height}`;
    this.#frame.style.setProperty("--wide", size === undefined ? "" : String(size.width));
    this.#frame.style.setProperty("--high", size === undefined ? "" : String(size.height));
    this.#img.alt = alt === "" ? undescribed : alt;
    if (this.#state.type === "shown") {
      if (this.#img.src !== this.#state.url) this.#img.src = this.#state.url;
      this.#frame.replaceChildren(this.#img);
      return;
    }
    this.#img.removeAttribute("src");
    const words = this.#state.type === "loading" ? "Loading image…" : failureWords(this.#state.failure);
    this.#words.textContent = alt === "" ? words : `${words} It shows: ${alt}`;
    this.#frame.replaceChildren(this.#words);
  }
}
