/**
 * RemoteCarets: where others are in a text that CodeMirror shows. Like the binding's own, but names and colours are checked, set without
 * style attributes in markup (the page's content security policy allows none), and adapted to the theme by CSS.
 *
 * How a place is named so that everybody finds it again is the engine's matter: `CaretPlaces`.
 */
import { Annotation, RangeSet, type Range } from "@codemirror/state";
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import type { Hands } from "../hands.ts";
import { type Person, shownPerson } from "../person.ts";

export interface Selected {
  readonly anchor: number;
  readonly head: number;
}

/** Says a selection to others, and finds theirs in the text as it is here. */
export interface CaretPlaces {
  /** As presence carries it: plain JSON. */
  told(selected: Selected): unknown;
  /** Undefined for what is no place here; presence is what others send. */
  found(cursor: unknown): Selected | undefined;
}

interface CaretOptions {
  readonly places: CaretPlaces;
  readonly awareness: Awareness;
  readonly hands: Hands;
}

const moved = Annotation.define<true>();

/** Shows everybody else's selection, and tells them one's own. */
export function remoteCarets(options: CaretOptions) {
  return ViewPlugin.define((view) => new CaretLayer(view, options), { decorations: (layer) => layer.decorations });
}

class CaretLayer {
  decorations: DecorationSet = RangeSet.empty;
  readonly #places: CaretPlaces;
  readonly #awareness: Awareness;
  readonly #redraw: (change: { added: number[]; updated: number[]; removed: number[] }) => void;

  constructor(view: EditorView, { places, awareness, hands }: CaretOptions) {
    this.#places = places;
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
    const cursor = this.#places.told({ anchor, head });
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
    const selected = this.#places.found(state["cursor"]);
    const end = view.state.doc.length;
    if (selected === undefined || selected.anchor > end || selected.head > end) return [];
    const { anchor, head } = selected;
    const person = shownPerson(state["user"]);
    const style = `--person: ${person.color}`;
    const caret = Decoration.widget({ side: head > anchor ? -1 : 1, widget: new CaretWidget(person) }).range(head);
    if (anchor === head) return [caret];
    const selection = Decoration.mark({ class: "others-selection", attributes: { style } });
    return [selection.range(Math.min(anchor, head), Math.max(anchor, head)), caret];
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
