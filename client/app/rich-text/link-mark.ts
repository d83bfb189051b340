/**
 * The `link` mark: an address and nothing else. Typing or pasting an address makes a link; Mod-click opens one.
 */
import { InputRule, Mark, markPasteRule } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { safeHref } from "./safe-link.ts";

const typedAddress = /(?:^|\s)(https?:\/\/\S+[^\s.,;:!?)\]}'"])(\s)$/i;
const pastedAddress = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/gi;

export const LinkMark = Mark.create({
  name: "link",
  inclusive: false,
  priority: 1000,

  addAttributes() {
    return { href: { default: null, rendered: false } };
  },

  parseHTML() {
    return [
      {
        tag: "a[href]",
        getAttrs: (element: HTMLElement) => {
          const href = safeHref(element.getAttribute("href"));
          return href === undefined ? false : { href };
        },
      },
    ];
  },

  renderHTML({ mark }) {
    const href = safeHref(mark.attrs["href"]);
    if (href === undefined) return ["span", { class: "dead-link" }, 0];
    return ["a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, 0];
  },

  addInputRules() {
    return [
      new InputRule({
        find: typedAddress,
        handler: ({ state, range, match }) => {
          const [, address = "", space = " "] = match;
          const href = safeHref(address);
          if (href === undefined) return null;
          const end = range.to;
          const start = end - address.length;
          state.tr.addMark(start, end, this.type.create({ href })).insertText(space, end).removeStoredMark(this.type);
          return undefined;
        },
      }),
    ];
  },

  addPasteRules() {
    return [
      markPasteRule({
        type: this.type,
        find: (text) =>
          [...text.matchAll(pastedAddress)].map((match) => ({ index: match.index, text: match[0], data: { href: match[0] } })),
        getAttributes: (match) => {
          const href = safeHref(match.data?.["href"]);
          return href === undefined ? false : { href };
        },
      }),
    ];
  },

  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("openLink"),
        props: {
          handleClick: (_view, _position, event) => {
            const link = event.target instanceof Element ? event.target.closest("a") : null;
            const href = safeHref(link?.getAttribute("href"));
            if (href === undefined || !(event.metaKey || event.ctrlKey)) return false;
            open(href, "_blank", "noopener,noreferrer");
            return true;
          },
        },
      }),
    ];
  },
});
