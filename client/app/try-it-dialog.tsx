/**
 * TryItDialog: switches for those who want to see what happens to their words when the network is bad, and what to try.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { useMeshStatus } from "./mesh-hooks.ts";
import type { SlowLine } from "./slow-line.ts";
import { Switch } from "./switch.tsx";

interface TryItDialogProps {
  readonly mesh: Inkmesh;
  readonly line: SlowLine;
  readonly onClose: () => void;
}

export function TryItDialog({ mesh, line, onClose }: TryItDialogProps) {
  const { workingOffline } = useMeshStatus(mesh);
  const isSlow = useSlowLine(line);
  return (
    <Dialog title="Try it with a bad network" onClose={onClose}>
      <div class="choice">
        <Switch isOn={workingOffline} onTurn={(on) => mesh.workOffline(on)}>
          Work offline
        </Switch>
        <p class="hint">No line at all, for this tab. Another tab of this browser that has a line sends for it.</p>
      </div>
      <div class="choice">
        <Switch isOn={isSlow} onTurn={(on) => line.turn(on)}>
          A slow line that breaks
        </Switch>
        <p class="hint">
          Every message takes 1 to 3 seconds each way. After 10 to 40 seconds the line breaks: what is under way is lost, and sent again.
          Only in this tab, and only pretended.
        </p>
      </div>
      <ol class="tries">
        <li>Open a document in two tabs, send one of them offline, type in both, and come back.</li>
        <li>Type on the slow line, and close the tab in the middle of a word. Open the document again.</li>
        <li>Stop the relay, reload this page, and go on typing. Start the relay again.</li>
      </ol>
      <p class="hint">
        Step by step, with what you should see: <code>docs/offline.md</code> in the project’s folder.
      </p>
      <div class="dialog-actions">
        <button type="button" class="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

/** Whether the line is the slow one, kept up to date. */
export function useSlowLine(line: SlowLine): boolean {
  const [isOn, setOn] = useState(line.isOn);
  useEffect(() => {
    const look = () => setOn(line.isOn);
    look();
    return line.on(look);
  }, [line]);
  return isOn;
}
