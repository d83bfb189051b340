/**
 * LiveText: a field bound to a text of the document: every letter is written as it is typed, and what others write appears in it, with the caret staying
 * at its letter. While a character is being composed, what others do waits (`holdRemote`, which bounds the wait).
 *
 * Invariant: the field never writes back what it showed before others changed it (`typed-text.ts`).
 */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Hands } from "../hands.ts";
import { placeIn, withBoth } from "./typed-text.ts";

interface LiveTextProps {
  readonly value: string;
  readonly label: string;
  readonly class?: string;
  readonly placeholder?: string;
  readonly readOnly?: boolean;
  readonly autofocus?: boolean;
  /** Enter makes a new line; without it Enter ends editing, and pasted lines become one. */
  readonly multiline?: boolean;
  readonly holdRemote: (hold: boolean) => void;
  /** `stretch` names what was typed without a longer pause. */
  readonly onEdit: (words: string, stretch: string) => void;
  readonly onDone?: () => void;
  readonly onFocus?: () => void;
  readonly onBlur?: () => void;
}

const pauseMs = 1_500;
let stretches = 0;

export function LiveText(props: LiveTextProps) {
  const { value, label, placeholder = "", readOnly = false, autofocus = false, multiline = false, onDone } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = useRef("");
  const now = useRef(value);
  const stretch = useRef({ name: "", at: 0 });
  const hands = useRef<Hands>();
  hands.current ??= new Hands(props.holdRemote);
  now.current = value;

  const show = (words: string) => {
    const area = field.current;
    if (area === null) return;
    if (area.value !== words) {
      const carets = [area.selectionStart, area.selectionEnd].map((place) => placeIn(place, area.value, words)) as [number, number];
      area.value = words;
      if (document.activeElement === area) area.setSelectionRange(...carets);
    }
    shown.current = words;
    fit(area);
  };
  const take = () => {
    const area = field.current;
    if (area === null || area.value === shown.current) return;
    const typed = multiline ? area.value : area.value.replaceAll(/\s*\n\s*/gu, " ");
    const words = withBoth(shown.current, typed, now.current);
    now.current = words;
    show(words);
    props.onEdit(words, stretchOf(stretch.current));
  };
  useLayoutEffect(() => {
    if (hands.current?.areBusy !== true) show(value);
  }, [value]);
  useEffect(() => {
    if (!autofocus) return;
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, [autofocus]);
  useEffect(() => () => void hands.current?.free(), []);
  useEffect(() => {
    // In a dialog that is not shown yet a field has no size; and its words break elsewhere when the page gets narrower.
    const sizes = new ResizeObserver(() => field.current !== null && fit(field.current));
    if (field.current !== null) sizes.observe(field.current);
    return () => sizes.disconnect();
  }, []);

  return (
    <textarea
      ref={field}
      class={props.class ?? ""}
      rows={1}
      aria-label={label}
      placeholder={placeholder}
      readOnly={readOnly}
      enterkeyhint={multiline ? "enter" : "done"}
      onInput={(event) => {
        if (!event.isComposing) take();
      }}
      onCompositionStart={() => hands.current?.busy("composition")}
      onCompositionEnd={() => {
        take();
        hands.current?.free();
      }}
      onFocus={() => {
        stretch.current.at = 0;
        props.onFocus?.();
      }}
      onBlur={() => {
        hands.current?.free();
        props.onBlur?.();
      }}
      onKeyDown={(event) => {
        if (event.isComposing || multiline || (event.key !== "Enter" && event.key !== "Escape")) return;
        if (onDone === undefined && event.key === "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onDone?.();
      }}
    />
  );
}

function stretchOf(stretch: { name: string; at: number }): string {
  const at = performance.now();
  if (stretch.at === 0 || at - stretch.at > pauseMs) stretch.name = `stretch ${(stretches += 1)}`;
  stretch.at = at;
  return stretch.name;
}

/** As high as its words. */
function fit(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
