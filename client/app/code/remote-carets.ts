/**
 * RemoteCarets: where others are in the code. Like the binding's own, but names and colours are checked, set without
 * style attributes in markup (the page's content security policy allows none), and adapted to the theme by CSS.
 */
import { Annotation, RangeSet, type Range } from "@codemirror/state";
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { Hands } from "../hands.ts";
import { type Person, shownPerson } from "../person.ts";

const moved = Annotation.define<true>();

/** Shows everybody else's selection, and tells them one's own. */
export function remoteCarets(text: Y.Text, awareness: Awareness, hands: Hands) {
  return ViewPlugin.define((view) => new CaretLayer(view, { text, awareness, hands }), { decorations: (layer) => layer.decorations });
}

class CaretLayer {
  decorations: DecorationSet = RangeSet.empty;
  readonly #text: Y.Text;
  readonly #awareness: Awareness;
  readonly #redraw: (change: { added: number[]; updated: number[]; removed: number[] }) => void;

  constructor(view: EditorView, { text, awareness, hands }: { text: Y.Text; awareness: Awareness; hands: Hands }) {
    this.#text = text;
    this.#awareness = awareness;
    this.#redraw = ({ added, updated, removed }) => {
      const others = [...added, ...updated, ...removed].some((client) => client !== awareness.clientID);
      const draw = () => view.dispatch({ annotations: moved.of(true) });
      // Awareness may change while the view is just updating (a remote edit moves carets): then wait for its end.
      if (others && !hands.putOff(draw)) queueMicrotask(draw);
    };
    awareness.on("change", this.#redraw);
    this.#draw(view);
  }

  update(update: ViewUpdate): void {
    this.#tell(update);
    this.#draw(update.view);
  }

  destroy(): void {
    this.#awareness.off("change", this.#redraw);
    this.#awareness.setLocalStateField("cursor", null);
  }

  #tell({ view, state }: ViewUpdate): void {
    if (!view.hasFocus) return;
    const { anchor, head } = state.selection.main;
    const cursor = { anchor: this.#relative(anchor), head: this.#relative(head) };
    const told = this.#awareness.getLocalState()?.["cursor"];
    if (JSON.stringify(told) !== JSON.stringify(cursor)) this.#awareness.setLocalStateField("cursor", cursor);
  }

  #draw(view: EditorView): void {
    const ranges: Range<Decoration>[] = [];
    for (const [client, state] of this.#awareness.getStates()) {
      if (client !== this.#awareness.clientID) ranges.push(...this.#rangesOf(state, view));
    }
    this.decorations = Decoration.set(ranges, true);
  }

  #rangesOf(state: Record<string, unknown>, view: EditorView): Range<Decoration>[] {
    const cursor = state["cursor"] as { anchor?: unknown; head?: unknown } | null | undefined;
    const anchor = this.#absolute(cursor?.anchor);
    const head = this.#absolute(cursor?.head);
    const end = view.state.doc.length;
    if (anchor === undefined || head === undefined || anchor > end || head > end) return [];
    const person = shownPerson(state["user"]);
    const style = `--person: ${person.color}`;
    const caret = Decoration.widget({ side: head > anchor ? -1 : 1, widget: new CaretWidget(person) }).range(head);
    if (anchor === head) return [caret];
    const selection = Decoration.mark({ class: "others-selection", attributes: { style } });
    return [selection.range(Math.min(anchor, head), Math.max(anchor, head)), caret];
  }

  #relative(index: number): unknown {
    return JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(this.#text, index)));
  }

  #absolute(json: unknown): number | undefined {
    if (typeof json !== "object" || json === null || this.#text.doc === null) return undefined;
    try {
      const place = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), this.#text.doc);
      return place?.type === this.#text ? place.index : undefined;
    } catch {
      return undefined; // Presence is what others send; a malformed position is no position.
    }
  }
}

class CaretWidget extends WidgetType {
  readonly #person: Person;

  constructor(person: Person) {
    super();
    this.#person = person;
  }

  override eq(other: CaretWidget): boolean {
    return other.#person.color === this.#person.color && other.#person.name === this.#person.name;
  }

  toDOM(): HTMLElement {
    const caret = document.createElement("span");
    const label = caret.appendChild(document.createElement("span"));
    caret.className = "caret";
    caret.style.setProperty("--person", this.#person.color);
    caret.ariaHidden = "true";
    label.className = "caret-name";
    label.textContent = this.#person.name;
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
