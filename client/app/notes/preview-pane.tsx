/**
 * PreviewPane: the notes as they read, a moment after they were written. Drawing waits for a pause, and the longer the longer the last drawing
 * took, so that somebody's endless tables do not make typing slow.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { previewOf } from "./markdown-preview.ts";

const pauseMs = 120;
/** How many times as long as the last drawing took the next one waits. */
const patience = 4;

export function PreviewPane({ text }: { text: string }) {
  const place = useRef<HTMLDivElement>(null);
  const tookMs = useRef(0);
  const isFirst = useRef(true);
  const [isTooLong, sayTooLong] = useState(false);
  useEffect(() => {
    const draw = () => {
      const begunMs = performance.now();
      const preview = previewOf(text);
      sayTooLong(preview === undefined);
      place.current?.replaceChildren(preview ?? "");
      tookMs.current = performance.now() - begunMs;
    };
    if (isFirst.current) {
      isFirst.current = false;
      return draw();
    }
    const timer = setTimeout(draw, Math.max(pauseMs, patience * tookMs.current));
    return () => clearTimeout(timer);
  }, [text]);
  return (
    // It may be longer than the screen, and has to be reached by keys to be scrolled.
    <section class="notes-preview" aria-label="Preview" tabIndex={0}>
      {isTooLong && <p class="hint">These notes are too long for a preview.</p>}
      {!isTooLong && text.trim() === "" && <p class="hint">What you write appears here as it reads. # makes a heading, - a list.</p>}
      <div ref={place} />
    </section>
  );
}
