/**
 * ReturnNotice: says for a moment what was sent and merged when a line came back.
 */
import type { RoomReturn } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import type { AnyRoom } from "./any-room.ts";
import { Notice } from "./notice.tsx";
import { returnWords, together } from "./return-words.ts";

const shownMs = 8_000;

export function ReturnNotice({ room }: { room: AnyRoom }) {
  const [back, setBack] = useState<RoomReturn>();
  useEffect(
    () => room.on("returned", (later) => returnWords(later) !== undefined && setBack((earlier) => together(earlier, later))),
    [room],
  );
  if (back === undefined) return null;
  return (
    <Notice forMs={shownMs} onDismiss={() => setBack(undefined)}>
      {returnWords(back)}
    </Notice>
  );
}
