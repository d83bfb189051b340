/**
 * EmptiedNotice: the browser threw away what it kept for this page. Said until it is dismissed: a person may know why.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import { Notice } from "./notice.tsx";

export function EmptiedNotice({ mesh }: { mesh: Inkmesh }) {
  const [emptied, setEmptied] = useState(false);
  useEffect(() => mesh.on("device-emptied", () => setEmptied(true)), [mesh]);
  if (!emptied) return null;
  return (
    <Notice onDismiss={() => setEmptied(false)}>
      This browser had removed what it kept of your documents. This one was written again from the page; others come back from the relay.
    </Notice>
  );
}
