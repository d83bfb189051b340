/**
 * BusyHands: while somebody is just doing something with the text, what others do to it waits for that moment.
 *
 * - Composing a character (input method, dead key, phone keyboard): a change around it would end the composition.
 * - Putting the caret somewhere, by pointer or arrow keys: the browser moves its selection at once, and tells the editor
 *   in a later task. An edit drawn between the two draws the old selection too, and the next words land in the wrong line.
 *
 * What waits is stored and acknowledged meanwhile (`InkmeshRoom.holdRemote`), and so do carets of others, which are
 * drawn by a transaction as well. A press of a key holds for one short moment only, so that somebody who leans on an
 * arrow key does not stand still for everybody else.
 */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { yCursorPluginKey } from "@tiptap/y-tiptap";

type Reason = "composition" | "pointer" | "key";

const settleMs = 50;
const caretKeys = /^(Arrow|Home$|End$|Page)/;

/** Calls `hold` with true when hands become busy and with false when they are free again. */
export function busyHands(hold: (busy: boolean) => void) {
  return Extension.create({
    name: "busyHands",
    addProseMirrorPlugins() {
      const hands = new Hands(hold);
      return [
        new Plugin({
          key: new PluginKey("busyHands"),
          filterTransaction: (transaction) => transaction.getMeta(yCursorPluginKey) === undefined || !hands.putOff(),
          view: (view) => hands.watch(view),
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

class Hands {
  readonly #hold: (busy: boolean) => void;
  readonly #reasons = new Set<Reason>();
  readonly #timers = new Map<Reason, ReturnType<typeof setTimeout>>();
  #view: EditorView | undefined;
  #isCaretPutOff = false;

  constructor(hold: (busy: boolean) => void) {
    this.#hold = hold;
  }

  watch(view: EditorView): { destroy: () => void } {
    const released = () => this.freeSoon("pointer");
    this.#view = view;
    addEventListener("pointerup", released);
    addEventListener("pointercancel", released);
    return {
      destroy: () => {
        removeEventListener("pointerup", released);
        removeEventListener("pointercancel", released);
        this.#view = undefined;
        this.free();
      },
    };
  }

  /** Answers false, as a handler that leaves the event to others. */
  busy(reason: Reason): false {
    clearTimeout(this.#timers.get(reason));
    this.#timers.delete(reason);
    this.#reasons.add(reason);
    if (this.#reasons.size === 1) this.#hold(true);
    return false;
  }

  /** For one moment; a key pressed again within it does not make it longer. */
  pressed(): false {
    if (!this.#reasons.has("key")) this.busy("key");
    return this.freeSoon("key");
  }

  /** After the editor has heard of the selection or the composed text. */
  freeSoon(reason: Reason): false {
    if (!this.#reasons.has(reason) || this.#timers.has(reason)) return false;
    this.#timers.set(
      reason,
      setTimeout(() => this.#end(reason), settleMs),
    );
    return false;
  }

  free(): false {
    for (const reason of [...this.#reasons]) this.#end(reason);
    return false;
  }

  /** Whether others' carets wait now; they are drawn when the hands are free. */
  putOff(): boolean {
    if (this.#reasons.size > 0) this.#isCaretPutOff = true;
    return this.#reasons.size > 0;
  }

  #end(reason: Reason): void {
    clearTimeout(this.#timers.get(reason));
    this.#timers.delete(reason);
    if (!this.#reasons.delete(reason) || this.#reasons.size > 0) return;
    this.#hold(false);
    if (!this.#isCaretPutOff) return;
    this.#isCaretPutOff = false;
    this.#view?.dispatch(this.#view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }));
  }
}
