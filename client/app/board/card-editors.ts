/**
 * CardEditors: who else is just in which card, from the presence of the document: a state's cursor names the path of what is edited.
 */
import { useEffect, useState } from "preact/hooks";
import type { Awareness } from "y-protocols/awareness";
import { type Present, peopleIn } from "../people.ts";

export type CardEditors = ReadonlyMap<string, readonly Present[]>;

/** Says in which card one is; undefined: in none. */
export function enterCard(awareness: Awareness, cardId: string | undefined): void {
  awareness.setLocalStateField("cursor", cardId === undefined ? null : { path: ["cards", cardId] });
}

/** Who is in which card, without oneself. What others say of themselves may be anything. */
export function editorsIn(states: ReadonlyMap<number, Readonly<Record<string, unknown>>>, self: number): CardEditors {
  const editors = new Map<string, Present[]>();
  for (const person of peopleIn(states, self)) {
    const card = person.self ? undefined : cardOf(states.get(person.client)?.["cursor"]);
    if (card !== undefined) editors.set(card, [...(editors.get(card) ?? []), person]);
  }
  return editors;
}

export function useCardEditors(awareness: Awareness): CardEditors {
  const [editors, setEditors] = useState<CardEditors>(new Map());
  useEffect(() => {
    const look = () =>
      setEditors((before) => {
        const after = editorsIn(awareness.getStates(), awareness.clientID);
        return JSON.stringify([...before]) === JSON.stringify([...after]) ? before : after;
      });
    look();
    awareness.on("change", look);
    return () => awareness.off("change", look);
  }, [awareness]);
  return editors;
}

function cardOf(cursor: unknown): string | undefined {
  const path = typeof cursor === "object" && cursor !== null && "path" in cursor ? cursor.path : undefined;
  return Array.isArray(path) && path[0] === "cards" && typeof path[1] === "string" ? path[1] : undefined;
}
