/**
 * StatusBar: how safe the words on the page are, who else could be reached, and the switch to work offline.
 * The sentence is a live region; it changes only when the words change, not with every key.
 */
import type { MeshStatus, RoomStatus } from "@inkmesh/client";
import { CircleAlert, CircleCheck, CloudOff, Info, LoaderCircle, Snail } from "lucide-preact";
import { useSettled } from "./settled.ts";
import { statusWords, type Tone } from "./status-words.ts";
import { Switch } from "./switch.tsx";

const icons = { calm: CircleCheck, busy: LoaderCircle, care: CloudOff, alarm: CircleAlert } as const satisfies Record<Tone, unknown>;

interface StatusBarProps {
  readonly mesh: MeshStatus;
  readonly room: RoomStatus;
  readonly detailsOpen: boolean;
  /** The line is pretended to be a bad one. */
  readonly isSlow: boolean;
  readonly onWorkOffline: (offline: boolean) => void;
  readonly onTryIt: () => void;
  readonly onToggleDetails: () => void;
}

export function StatusBar({ mesh, room, detailsOpen, isSlow, onWorkOffline, onTryIt, onToggleDetails }: StatusBarProps) {
  const words = statusWords(mesh, room);
  const Icon = icons[words.tone];
  // A screen reader hears what lasts; the eye sees every state.
  const announced = useSettled(words.sentence, 800);
  return (
    <footer class="status-bar" data-tone={words.tone} data-phase={room.phase}>
      <p class="status-words" title={words.detail}>
        <Icon size={16} aria-hidden="true" class={words.tone === "busy" ? "turning" : ""} />
        <span data-testid="status">{words.sentence}</span>
      </p>
      <p class="visually-hidden" role="status" aria-live="polite">
        {announced}
      </p>
      {isSlow && (
        <button type="button" class="button quiet small" aria-label="Slow line. Change" title="A slow line that breaks" onClick={onTryIt}>
          <Snail size={16} aria-hidden="true" />
          <span class="button-words">Slow line</span>
        </button>
      )}
      <Switch isOn={mesh.workingOffline} onTurn={onWorkOffline}>
        Work offline
      </Switch>
      <button type="button" class="button quiet small" aria-expanded={detailsOpen} aria-controls="details" onClick={onToggleDetails}>
        <Info size={16} aria-hidden="true" />
        <span class="button-words">Details</span>
      </button>
    </footer>
  );
}
