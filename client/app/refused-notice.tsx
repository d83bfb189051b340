/**
 * RefusedNotice: in a document that one has left, the disk refused what was typed last. Said on whatever page one is by
 * then, until it is on a disk: only this tab has it.
 */
import { useEffect, useState } from "preact/hooks";
import type { KeptRooms } from "./kept-rooms.ts";
import { visitRoom } from "./page-location.ts";
import { recentDocuments } from "./recent-documents.ts";
import { Notice } from "./notice.tsx";
import { edits } from "./status-words.ts";

export function RefusedNotice({ rooms }: { rooms: KeptRooms }) {
  const [refused, setRefused] = useState(rooms.refused);
  const [dismissed, dismiss] = useState<string>();
  useEffect(() => {
    const look = () => setRefused(rooms.refused);
    look();
    return rooms.on(look);
  }, [rooms]);
  const [first] = refused;
  if (first === undefined || dismissed === first.room) return null;
  const title = recentDocuments().find(({ room }) => room === first.room)?.title || "Untitled";
  return (
    <Notice onDismiss={() => dismiss(first.room)} actions={[{ label: "Show it", onPress: () => visitRoom(first.room) }]}>
      This device’s disk refuses {edits(first.count)} in “{title}”: {first.count === 1 ? "it is" : "they are"} only in this tab. Leave the
      tab open; it is tried again.
    </Notice>
  );
}
