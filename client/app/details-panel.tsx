/**
 * DetailsPanel: the figures behind the status bar, for the curious and for a bug report.
 */
import type { MeshStatus, RoomStatus } from "@inkmesh/client";
import { X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import type { Readiness } from "./installed-app.ts";
import { readinessWords } from "./readiness-words.ts";
import { statusWords } from "./status-words.ts";

interface DetailsPanelProps {
  readonly name: string;
  readonly mesh: MeshStatus;
  readonly room: RoomStatus;
  readonly readiness: Readiness;
  readonly isSlow: boolean;
  readonly onClose: () => void;
}

export function DetailsPanel(props: DetailsPanelProps) {
  const { mesh, room, onClose } = props;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const words = statusWords(mesh, room);
  return (
    <aside id="details" class="details" aria-label="Details" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header>
        <h2>Details</h2>
        <button ref={close} type="button" class="tool" aria-label="Close details" onClick={onClose}>
          <X size={18} aria-hidden="true" />
        </button>
      </header>
      <p class="details-words">{words.detail ?? words.sentence}</p>
      <dl>
        {figures(props).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function figures({ name, mesh, room, readiness, isSlow }: DetailsPanelProps): readonly (readonly [string, string])[] {
  return [
    ["Relay", mesh.relay ?? "none"],
    ["Connection", isSlow ? `${connectionWords(mesh)}, pretended to be slow and to break` : connectionWords(mesh)],
    ["Round trip", mesh.roundTripMs === undefined ? "not measured yet" : `${mesh.roundTripMs.toFixed(mesh.roundTripMs < 10 ? 1 : 0)} ms`],
    ["Edits not saved yet", String(room.waiting)],
    ...(room.waitingBlobs === 0 ? [] : [["Images not saved yet", String(room.waitingBlobs)] as const]),
    ["Edits not on this device's disk yet", String(room.notOnDevice)],
    ["Copies", `${room.copies} of ${room.replicas} relays, ${room.needed} needed for “saved”`],
    ["On this device", deviceWords(room)],
    ["Opens while the relay is away", readinessWords(readiness)],
    ["When space runs short", persistenceWords(mesh)],
    ...(room.setAsideEdits === 0 ? [] : [["Edits that the relay refused", String(room.setAsideEdits)] as const]),
    ["Document", name],
    ["Generation", room.generation === undefined ? "not known yet" : String(room.generation)],
    ["Clock", room.clock === "" ? "empty" : room.clock],
    ["Newest saved edit (HLC)", stampWords(room)],
    ...(room.problem === undefined ? [] : [["Problem", `${room.problem.code} ${room.problem.detail}`] as const]),
  ];
}

function stampWords({ stampMs, stampLogical }: RoomStatus): string {
  return stampMs === undefined ? "not known yet" : `${new Date(stampMs).toISOString()} + ${stampLogical ?? 0}`;
}

function connectionWords(mesh: MeshStatus): string {
  if (mesh.workingOffline) return "closed by you";
  return { online: "open", connecting: "being opened", offline: "none" }[mesh.connection];
}

function deviceWords(room: RoomStatus): string {
  if (room.device === "failed")
    return { full: "no space left", newer: "a newer page uses the disk", refused: "the disk refused" }[room.deviceTrouble ?? "refused"];
  return { disk: "kept on disk", memory: "in memory only: this browser offers no disk" }[room.device];
}

function persistenceWords({ persistence }: MeshStatus): string {
  switch (persistence) {
    case "granted":
      return "the browser keeps what is on this device";
    case "refused":
      return "the browser may remove what is on this device";
    case "unavailable":
      return "the browser may remove what is on this device, and cannot be asked not to: that needs https or localhost";
    default:
      return "the browser is asked to keep this device's copy when you type";
  }
}
