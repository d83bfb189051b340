/**
 * EmptiedNotice: the browser threw away what it kept for this page. Said until it is dismissed, on whatever page one is by
 * then: a person may know why.
 */
import type { DeviceRoom, Inkmesh } from "@inkmesh/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { emptiedWords, lostEdits } from "./emptied-words.ts";
import { Notice } from "./notice.tsx";
import { recentDocuments } from "./recent-documents.ts";
import { useDeviceRooms } from "./use-device-rooms.ts";

export interface Emptied {
  readonly words: string | undefined;
  readonly dismiss: () => void;
}

/** For the app's whole life: afterwards nobody can ask what was there. `open`: the document that is shown. */
export function useEmptied(mesh: Inkmesh, open: string | undefined): Emptied {
  const [words, setWords] = useState<string>();
  const { rooms } = useDeviceRooms(mesh, open);
  const known = useRef<{ open: string | undefined; rooms: readonly DeviceRoom[] }>({ open, rooms: [] });
  known.current = { open, rooms: rooms ?? [] };
  useEffect(
    () =>
      mesh.on("device-emptied", () => {
        const titles = new Map(recentDocuments().map(({ room, title }) => [room, title]));
        const before = known.current;
        setWords(
          emptiedWords(
            before.open !== undefined,
            lostEdits(before.rooms, before.open, (room) => titles.get(room)),
          ),
        );
      }),
    [mesh],
  );
  return { words, dismiss: () => setWords(undefined) };
}

export function EmptiedNotice({ emptied }: { emptied: Emptied }) {
  return emptied.words === undefined ? null : <Notice onDismiss={emptied.dismiss}>{emptied.words}</Notice>;
}
