/**
 * LostWordsNotice: offers back the words that somebody else's edit took away (`offered-words.ts`). What is lost in
 * one go, or in quick succession, is one offer.
 */
import { useEffect, useState } from "preact/hooks";
import type { Doc } from "yjs";
import { Notice } from "./notice.tsx";
import { type LostWords, OfferedWords, putBack } from "./offered-words.ts";

const shownLettersMax = 80;

export function LostWordsNotice({ doc }: { doc: Doc }) {
  const [lost, setLost] = useState<readonly LostWords[]>([]);
  useEffect(() => {
    const offered = new OfferedWords(doc, {
      now: () => performance.now(),
      offer: (words) => setLost((before) => [...before.slice(-19), words]),
    });
    return () => offered.close();
  }, [doc]);
  if (lost.length === 0) return null;
  return (
    <Notice
      onDismiss={() => setLost([])}
      actions={[
        {
          label: "Put back",
          onPress: () => {
            for (const words of lost) putBack(doc, words);
            setLost([]);
          },
        },
      ]}
    >
      “{shortened(lost.map(({ text }) => text).join(" … "))}” was deleted by someone else’s edit.
    </Notice>
  );
}

function shortened(text: string): string {
  const letters = [...text.replaceAll(/\s+/gu, " ").trim()];
  return letters.length <= shownLettersMax ? letters.join("") : `${letters.slice(0, shownLettersMax).join("")}…`;
}
