/**
 * BoardDrag: moving a card or a column with a pointer.
 *
 *     pressed ──moved a little──▶ dragging ──released over the board──▶ dropped
 *                                    └─ released elsewhere, Escape, cancelled by the system, or gone from the board ─▶ nothing moved
 *
 * A mouse takes hold anywhere on a card; a finger by its handle only, since elsewhere it scrolls. Where it would go is read from the page itself at each frame,
 * so that it is true while others move cards and while the board scrolls under the pointer. The document is written once, on release.
 *
 * Knows nothing of documents: it tells a name, and where among the others it would stand.
 */
import { useEffect, useRef, useState } from "preact/hooks";

export interface Dragged {
  readonly type: "card" | "column";
  readonly id: string;
  /** Among the others, without what is dragged; undefined: outside of the board. For a column there is no `columnId`. */
  readonly target: { readonly columnId?: string; readonly index: number } | undefined;
}

interface BoardDragOptions {
  readonly board: { readonly current: HTMLElement | null };
  readonly ghost: { readonly current: HTMLElement | null };
  readonly enabled: boolean;
  readonly onDrop: (dragged: Dragged) => void;
  /** Whether it is on the board still. */
  readonly isThere: (dragged: Dragged) => boolean;
  readonly onGone: (dragged: Dragged) => void;
}

interface Press {
  readonly type: Dragged["type"];
  readonly id: string;
  readonly pointer: number;
  readonly from: { readonly x: number; readonly y: number };
  x: number;
  y: number;
}

const slopPx = 5;
const edgePx = 56;
const scrollPx = 12;
const outsidePx = 48;

/** What is being dragged now, if anything is. */
export function useBoardDrag(options: BoardDragOptions): Dragged | undefined {
  const [dragged, setDragged] = useState<Dragged>();
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    const board = options.board.current;
    if (board === null || !options.enabled) return undefined;
    const drag = new BoardDrag(board, () => latest.current, setDragged);
    return () => drag.close();
  }, [options.enabled]);
  return dragged;
}

class BoardDrag {
  readonly #board: HTMLElement;
  readonly #options: () => BoardDragOptions;
  readonly #show: (dragged: Dragged | undefined) => void;
  readonly #listening = new AbortController();
  #press: Press | undefined;
  #dragged: Dragged | undefined;
  #frame = 0;

  constructor(board: HTMLElement, options: () => BoardDragOptions, show: (dragged: Dragged | undefined) => void) {
    this.#board = board;
    this.#options = options;
    this.#show = show;
    const { signal } = this.#listening;
    board.addEventListener("pointerdown", (event) => this.#pressed(event), { signal });
    // A drag ends in a click on what it began on; that is no press of a button.
    board.addEventListener("click", (event) => this.#swallow(event), { signal, capture: true });
    addEventListener("pointermove", (event) => this.#moved(event), { signal });
    addEventListener("pointerup", (event) => event.pointerId === this.#press?.pointer && this.#released(), { signal });
    addEventListener("pointercancel", (event) => event.pointerId === this.#press?.pointer && this.#end(), { signal });
    addEventListener("blur", () => this.#end(), { signal });
    addEventListener("keydown", (event) => this.#keyed(event), { signal, capture: true });
  }

  close(): void {
    this.#end();
    this.#listening.abort();
  }

  #pressed(event: PointerEvent): void {
    this.#swallowing = false;
    if (event.button !== 0 || !event.isPrimary || !(event.target instanceof Element)) return;
    const { target } = event;
    const handle = target.closest(".grip, .column-head");
    if (
      target.closest("textarea, input, select, .pop-menu, dialog") !== null ||
      (event.pointerType === "touch" && target.closest(".grip") === null)
    )
      return;
    const card = target.closest<HTMLElement>("[data-card]");
    const column = handle?.closest<HTMLElement>("[data-column]");
    const id = card?.dataset["card"] ?? column?.dataset["column"];
    if (id === undefined) return;
    const { clientX: x, clientY: y } = event;
    this.#press = { type: card === null ? "column" : "card", id, pointer: event.pointerId, from: { x, y }, x, y };
  }

  #moved(event: PointerEvent): void {
    const press = this.#press;
    if (press === undefined || event.pointerId !== press.pointer) return;
    press.x = event.clientX;
    press.y = event.clientY;
    if (this.#dragged !== undefined) return event.preventDefault();
    if (Math.hypot(press.x - press.from.x, press.y - press.from.y) < slopPx) return;
    this.#board.setPointerCapture(press.pointer);
    getSelection()?.removeAllRanges();
    this.#dragged = { type: press.type, id: press.id, target: undefined };
    this.#step();
  }

  /** Once per frame: is it there still, where would it go, does the board have to scroll. */
  #step(): void {
    const [press, dragged] = [this.#press, this.#dragged];
    if (press === undefined || dragged === undefined) return;
    if (!this.#options().isThere(dragged)) {
      this.#end();
      return this.#options().onGone(dragged);
    }
    scrollAt(this.#board, press);
    const target = targetAt(this.#board, press);
    if (target?.index !== dragged.target?.index || target?.columnId !== dragged.target?.columnId) this.#dragged = { ...dragged, target };
    this.#show(this.#dragged);
    const ghost = this.#options().ghost.current;
    if (ghost !== null)
      ghost.style.transform = `translate(${Math.min(press.x + 8, innerWidth - ghost.offsetWidth - 8)}px, ${press.y + 8}px)`;
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  #released(): void {
    const dragged = this.#dragged;
    this.#swallowing = dragged !== undefined;
    this.#end();
    if (dragged !== undefined) this.#options().onDrop(dragged);
  }

  #keyed(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.#dragged === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#swallowing = true;
    this.#end();
  }

  #end(): void {
    cancelAnimationFrame(this.#frame);
    const press = this.#press;
    this.#press = undefined;
    if (this.#dragged === undefined) return;
    this.#dragged = undefined;
    if (press !== undefined && this.#board.hasPointerCapture(press.pointer)) this.#board.releasePointerCapture(press.pointer);
    this.#show(undefined);
  }

  #swallowing = false;

  #swallow(event: MouseEvent): void {
    if (!this.#swallowing) return;
    this.#swallowing = false;
    event.preventDefault();
    event.stopPropagation();
  }
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function targetAt(board: HTMLElement, press: Press): Dragged["target"] {
  const area = board.querySelector(".columns")?.getBoundingClientRect();
  if (area === undefined || isOutside(area, press)) return undefined;
  const columns = [...board.querySelectorAll<HTMLElement>("[data-column]")];
  if (press.type === "column") {
    const others = columns.filter(({ dataset }) => dataset["column"] !== press.id);
    return { index: others.filter((column) => middle(column).x < press.x).length };
  }
  const column = columns.toSorted((left, right) => Math.abs(middle(left).x - press.x) - Math.abs(middle(right).x - press.x))[0];
  if (column === undefined) return undefined;
  const others = [...column.querySelectorAll<HTMLElement>("[data-card]")].filter(({ dataset }) => dataset["card"] !== press.id);
  return { columnId: column.dataset["column"] ?? "", index: others.filter((card) => middle(card).y < press.y).length };
}

function isOutside({ left, right, top, bottom }: DOMRect, { x, y }: Point): boolean {
  return x < left - outsidePx || x > right + outsidePx || y < top - outsidePx || y > bottom + outsidePx;
}

function middle(element: Element): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function scrollAt(board: HTMLElement, { x, y }: Point): void {
  const columns = board.querySelector(".columns");
  const area = columns?.getBoundingClientRect();
  if (columns === null || area === undefined) return;
  if (x < area.left + edgePx) columns.scrollLeft -= scrollPx;
  else if (x > area.right - edgePx) columns.scrollLeft += scrollPx;
  if (y > innerHeight - 2 * edgePx) scrollBy(0, scrollPx);
  else if (y < 3 * edgePx) scrollBy(0, -scrollPx);
}
