/**
 * A document as an HTML fragment.
 *
 * Everything that came from a document is escaped; the only attribute that carries a document's text is `href` or `src`,
 * and those went through the list of allowed schemes. So the fragment may stand in any page.
 *
 * List items are a flat sequence with indents; open lists are kept on a stack and the innermost item stays open, so
 * that what is indented further nests inside it.
 */
import {
  blocksOf,
  linesOf,
  type ContentBlock,
  type ImageBlock,
  type Inline,
  type ListKind,
  type TableBlock,
  type TextBlock,
} from "./content-block.ts";
import { imageAddress } from "./content-image.ts";
import { isUnmarked, sectionsOf, textOf, type ContentTree } from "./content-tree.ts";

export function htmlContent(tree: ContentTree): string {
  const parts = sectionsOf(tree).map(({ type, nodes }) => {
    if (type === "text" && isUnmarked(nodes)) return preHtml(escapeHtml(textOf(nodes)));
    return blocksHtml(type === "text" ? linesOf(nodes) : blocksOf(nodes));
  });
  return parts.join("\n");
}

/** Blocks of one rich text. */
export function blocksHtml(blocks: readonly ContentBlock[]): string {
  const writer = new BlockWriter();
  for (const block of blocks) writer.write(block);
  return writer.end();
}

class BlockWriter {
  readonly #lines: string[] = [];
  readonly #open: ListKind[] = [];
  #quoting = false;
  /** Where the item of which there is nothing yet was begun. */
  #emptyItem = -1;

  write(block: ContentBlock): void {
    if (block.type !== "text") {
      this.#closeTo(0);
      this.#quote(false);
      this.#lines.push(standingHtml(block));
    } else if (block.list === "none") {
      this.#closeTo(Math.min(block.indent, this.#open.length));
      // Else what stands under an empty item would be the item.
      if (this.#emptyItem === this.#lines.length - 1) this.#lines[this.#emptyItem] += "<p></p>";
      this.#quote(block.kind === "quote");
      this.#lines.push(textHtml(block));
    } else this.#writeItem(block);
  }

  end(): string {
    this.#closeTo(0);
    this.#quote(false);
    return this.#lines.join("\n");
  }

  #writeItem(block: TextBlock): void {
    const depth = Math.min(block.indent, this.#open.length);
    this.#closeTo(depth + 1);
    if (this.#open[depth] !== undefined && this.#open[depth] !== block.list) this.#closeTo(depth);
    this.#quote(false);
    if (this.#open[depth] === undefined) {
      this.#open.push(block.list);
      this.#lines.push(`<${listTag(block.list)}>`);
    } else this.#lines.push("</li>");
    const box = block.list === "task" ? `<input type="checkbox" disabled${block.checked ? " checked" : ""}> ` : "";
    const body = block.kind === "paragraph" ? inlinesHtml(block.inlines) : textHtml(block);
    this.#lines.push(`<li>${box}${body}`);
    if (body === "") this.#emptyItem = this.#lines.length - 1;
  }

  #closeTo(depth: number): void {
    if (this.#open.length > depth) this.#quote(false);
    for (let list = this.#open.at(-1); list !== undefined && this.#open.length > depth; list = this.#open.at(-1)) {
      this.#lines.push(`</li></${listTag(list)}>`);
      this.#open.pop();
    }
  }

  #quote(quoting: boolean): void {
    if (quoting !== this.#quoting) this.#lines.push(quoting ? "<blockquote>" : "</blockquote>");
    this.#quoting = quoting;
  }
}

function standingHtml(block: Exclude<ContentBlock, TextBlock>): string {
  if (block.type === "rule") return "<hr>";
  return block.type === "image" ? `<p>${imageHtml(block)}</p>` : tableHtml(block);
}

function imageHtml(image: ImageBlock): string {
  const { alt, width, height } = image;
  const size = width === undefined || height === undefined ? "" : ` width="${width}" height="${height}"`;
  return `<img src="${imageAddress(image)}" alt="${escapeHtml(alt)}"${size}>`;
}

/** A line end right behind <pre> is none of the text to whoever reads it, so one that is has another before it. */
function preHtml(text: string): string {
  return text.startsWith("\n") ? `<pre>\n${text}</pre>` : `<pre>${text}</pre>`;
}

function listTag(list: ListKind): string {
  return list === "ordered" ? "ol" : "ul";
}

function textHtml({ kind, level, inlines }: TextBlock): string {
  if (kind === "code") return `<pre><code>${escapeHtml(inlines.map(({ text }) => text).join(""))}</code></pre>`;
  const body = inlinesHtml(inlines);
  return kind === "heading" ? `<h${level}>${body}</h${level}>` : `<p>${body}</p>`;
}

function tableHtml({ rows }: TableBlock): string {
  const lines = rows.map((cells) => {
    const columns = cells.map(({ header, blocks }) => {
      const tag = header ? "th" : "td";
      return `<${tag}>${blocksHtml(blocks)}</${tag}>`;
    });
    return `<tr>${columns.join("")}</tr>`;
  });
  return `<table>\n${lines.join("\n")}\n</table>`;
}

function inlinesHtml(inlines: readonly Inline[]): string {
  return inlines.map(inlineHtml).join("");
}

function inlineHtml(inline: Inline): string {
  const { href } = inline;
  const text = escapeHtml(inline.text);
  if (inline.type === "image") return href === undefined ? text : `<img src="${escapeHtml(href)}" alt="${text}">`;
  let html = text.replaceAll("\n", "<br>");
  if (inline.code) html = `<code>${html}</code>`;
  if (inline.strike) html = `<s>${html}</s>`;
  if (inline.underline) html = `<u>${html}</u>`;
  if (inline.italic) html = `<em>${html}</em>`;
  if (inline.bold) html = `<strong>${html}</strong>`;
  return href === undefined ? html : `<a href="${escapeHtml(href)}" rel="noopener noreferrer nofollow">${html}</a>`;
}

const entities: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities.get(character) ?? "");
}
