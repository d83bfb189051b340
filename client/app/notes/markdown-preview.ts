/**
 * MarkdownPreview: Markdown as elements to look at. What is in it was written by anybody who has the document's link.
 *
 * Two doors, each enough by itself: the parser takes no HTML (it is shown as what it is, text), and of what the parser makes only the elements
 * and attributes named here are let through. Links lead only where `safeHref` lets them and take nothing along; images are not fetched, their
 * descriptions are shown.
 *
 * Invariants: nothing of a text runs, and looking at it asks no server for anything. A text that is too long or too intricate is not read.
 */
import createDOMPurify from "dompurify";
import MarkdownIt, { type Token } from "markdown-it";
import { safeHref } from "../rich-text/safe-link.ts";

/** A hostile text of this length takes a second or so to read; a longer one is not read. */
export const previewLengthMax = 100_000;

const parser = new MarkdownIt({ html: false, linkify: false });
parser.validateLink = (target) => safeHref(target) !== undefined;
// The parser's one other class, `language-…` of code, says what somebody wrote; nothing of the page is called so.
parser.renderer.rules["image"] = (tokens, index) => `<em>[${escaped(tokens[index]?.content || "image")}]</em>`;
parser.core.ruler.push("tasks", ({ tokens }) => {
  for (const [index, token] of tokens.entries()) {
    if (isItemText(tokens, index) && markTask(token)) tokens[index - 2]?.attrSet("class", "task");
  }
});

const elements = "h1 h2 h3 h4 h5 h6 p br hr blockquote ul ol li pre code em strong s a table thead tbody tr th td span".split(" ");

/** The elements of `markdown`, or undefined where it is too long to show. */
export function previewOf(markdown: string, page: Window & typeof globalThis = window): DocumentFragment | undefined {
  if (markdown.length > previewLengthMax) return undefined;
  const purify = createDOMPurify(page);
  purify.addHook("afterSanitizeAttributes", (element) => {
    if (element.tagName === "A") harmless(element);
  });
  return purify.sanitize(parser.render(markdown), {
    ALLOWED_TAGS: elements,
    ALLOWED_ATTR: ["class", "href", "start"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

function harmless(link: Element): void {
  const href = safeHref(link.getAttribute("href"));
  link.removeAttribute("href");
  if (href === undefined) return;
  link.setAttribute("href", href);
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}

/** The text of a list's item begins it: item, paragraph, text. */
function isItemText(tokens: readonly Token[], index: number): boolean {
  return tokens[index]?.type === "inline" && tokens[index - 1]?.type === "paragraph_open" && tokens[index - 2]?.type === "list_item_open";
}

/** `[ ] ` and `[x] `, as GitHub has them, as signs of a box: nothing can be ticked in a preview. */
function markTask({ children }: Token): boolean {
  const first = children?.[0];
  const box = first?.type === "text" ? /^\[([ xX])\]\s/.exec(first.content) : null;
  if (first === undefined || box === null) return false;
  first.content = `${box[1] === " " ? "☐" : "☑"} ${first.content.slice(box[0].length)}`;
  return true;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
