/**
 * People: who is in the document now, from what the awareness of the room says. One entry per person's tab; oneself
 * first. What others say of themselves is checked in `person.ts`.
 */
import { useEffect, useState } from "preact/hooks";
import type { Awareness } from "y-protocols/awareness";
import type { InkmeshRoom } from "@inkmesh/client";
import { type Person, shownPerson } from "./person.ts";

export interface Present extends Person {
  readonly client: number;
  readonly self: boolean;
}

/** Everybody present, oneself first, then in a stable order. */
export function peopleIn(states: ReadonlyMap<number, Readonly<Record<string, unknown>>>, self: number): readonly Present[] {
  return [...states]
    .filter(([client, state]) => client === self || state["user"] !== undefined)
    .map(([client, state]) => ({ client, self: client === self, ...shownPerson(state["user"]) }))
    .toSorted((left, right) => Number(right.self) - Number(left.self) || left.client - right.client);
}

/** Says who one is to everybody in the room. */
export function announce(awareness: Awareness, person: Person): void {
  awareness.setLocalStateField("user", { name: person.name, color: person.color, colorLight: `${person.color}33` });
}

/** Everybody present, kept up to date. */
export function usePeople(awareness: Awareness): readonly Present[] {
  const [people, setPeople] = useState<readonly Present[]>([]);
  useEffect(() => {
    const look = () => setPeople((before) => keepIfEqual(before, peopleIn(awareness.getStates(), awareness.clientID)));
    look();
    awareness.on("change", look);
    return () => awareness.off("change", look);
  }, [awareness]);
  return people;
}

/** How many are here who are not shown, kept up to date. */
export function useUnseen(room: Pick<InkmeshRoom, "awareness" | "presence">): number {
  const [unseen, setUnseen] = useState(0);
  useEffect(() => {
    const look = () => setUnseen(room.presence.unseen);
    look();
    room.awareness.on("change", look);
    const stop = room.presence.watchUnseen(look);
    return () => {
      room.awareness.off("change", look);
      stop();
    };
  }, [room]);
  return unseen;
}

/** Carets move far more often than people come and go: the same list must be the same object. */
function keepIfEqual(before: readonly Present[], after: readonly Present[]): readonly Present[] {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
