/**
 * StatusBar: how safe the words on the page are, who else could be reached, and the switch to work offline.
 * The sentence is a live region; it changes only when the words change, not with every key.
 */
import type { MeshStatus, RoomStatus } from "@inkmesh/client";
import { CircleAlert, CircleCheck, CloudOff, Info, LoaderCircle } from "lucide-preact";
import { useSettled } from "./settled.ts";
import { statusWords, type Tone } from "./status-words.ts";

const icons = { calm: CircleCheck, busy: LoaderCircle, care: CloudOff, alarm: CircleAlert } as const satisfies Record<Tone, unknown>;

interface StatusBarProps {
  readonly mesh: MeshStatus;
  readonly room: RoomStatus;
  readonly detailsOpen: boolean;
  readonly onWorkOffline: (offline: boolean) => void;
  readonly onToggleDetails: () => void;
}

export function StatusBar({ mesh, room, detailsOpen, onWorkOffline, onToggleDetails }: StatusBarProps) {
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
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={mesh.workingOffline}
          onChange={({ currentTarget }) => onWorkOffline(currentTarget.checked)}
        />
        <span class="switch-track" aria-hidden="true" />
        <span>Work offline</span>
      </label>
      <button type="button" class="button quiet small" aria-expanded={detailsOpen} aria-controls="details" onClick={onToggleDetails}>
        <Info size={16} aria-hidden="true" />
        <span class="button-words">Details</span>
      </button>
    </footer>
  );
}
