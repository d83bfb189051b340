/**
 * BusyHands: tells `Hands` what a rich text editor's events say of them, and keeps others' carets waiting as well, which
 * are drawn by a transaction.
 */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { yCursorPluginKey } from "@tiptap/y-tiptap";
import { Hands } from "../hands.ts";

const caretKeys = /^(Arrow|Home$|End$|Page)/;

/** Calls `hold` with true when hands become busy and with false when they are free again. */
export function busyHands(hold: (busy: boolean) => void) {
  return Extension.create({
    name: "busyHands",
    addProseMirrorPlugins() {
      const hands = new Hands(hold);
      let view: EditorView | undefined;
      const drawCarets = () => view?.dispatch(view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }));
      return [
        new Plugin({
          key: new PluginKey("busyHands"),
          filterTransaction: (transaction) => transaction.getMeta(yCursorPluginKey) === undefined || !hands.putOff(drawCarets),
          view: (created) => {
            view = created;
            const unwatch = watchPointer(hands);
            return {
              destroy: () => {
                unwatch();
                view = undefined;
                hands.free();
              },
            };
          },
          props: {
            handleDOMEvents: {
              compositionstart: () => hands.busy("composition"),
              compositionend: () => hands.freeSoon("composition"),
              pointerdown: () => hands.busy("pointer"),
              keydown: (_, event) => caretKeys.test(event.key) && hands.pressed(),
              blur: () => hands.free(),
            },
          },
        }),
      ];
    },
  });
}

/** A pointer may be let go anywhere. */
function watchPointer(hands: Hands): () => void {
  const released = () => void hands.freeSoon("pointer");
  addEventListener("pointerup", released);
  addEventListener("pointercancel", released);
  return () => {
    removeEventListener("pointerup", released);
    removeEventListener("pointercancel", released);
  };
}
