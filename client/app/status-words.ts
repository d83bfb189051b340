/**
 * StatusWords: what is true about a document's safety, as a sentence for the status bar. Pure, and never more than is
 * true: "saved" only where the library says so, "on this device" only after this device's disk said so.
 */
import { errorKind, type MeshStatus, type RoomStatus } from "@inkmesh/client";

/** `calm` needs nobody's attention; `busy` passes by itself; `care` should be known; `alarm` asks for action. */
export type Tone = "calm" | "busy" | "care" | "alarm";

export interface StatusWords {
  readonly tone: Tone;
  readonly sentence: string;
  /** More, for those who ask. */
  readonly detail?: string;
}

/** What to say of a room on a connection. */
export function statusWords(mesh: MeshStatus, room: RoomStatus): StatusWords {
  if (room.phase === "deleted") return { tone: "alarm", sentence: "This document was deleted" };
  if (room.phase === "loading") return { tone: "busy", sentence: "Opening…" };
  return deviceTrouble(mesh, room) ?? otherVersion(mesh, room) ?? refusal(mesh, room) ?? withSetAside(place(mesh, room), room);
}

function deviceTrouble(mesh: MeshStatus, room: RoomStatus): StatusWords | undefined {
  if (room.blobsNotOnDevice > 0 && room.device === "disk" && mesh.connection !== "online") return imagesInTab(room);
  if (room.device === "disk" || room.waiting === 0) return undefined;
  // With a line to a relay they are there in a moment; that is no reason to alarm at every key.
  if (mesh.connection === "online" && room.problem === undefined) return undefined;
  return {
    tone: "alarm",
    sentence: `${edits(room.waiting)} only in this tab`,
    detail: `${whyNotOnDevice(room)} Leave the tab open until they are saved on a relay, or download them from the document's menu.`,
  };
}

/** The device keeps edits, and no images. */
function imagesInTab(room: RoomStatus): StatusWords {
  return {
    tone: "alarm",
    sentence: `${images(room.blobsNotOnDevice)} only in this tab`,
    detail: "This device's disk does not keep images now. Leave the tab open until they are saved on a relay.",
  };
}

/** Why this device keeps nothing, and what helps. */
function whyNotOnDevice({ device, deviceTrouble: trouble }: RoomStatus): string {
  if (device === "memory") return "This browser does not let the page keep anything on disk.";
  switch (trouble) {
    case "full":
      return "There is no space left on this device for what you type. Free some, and it is kept.";
    case "newer":
      return "Another tab uses a newer version of this page, and this one cannot write beside it. Reload this tab.";
    default:
      return "This device's disk refuses what you type. It is tried again.";
  }
}

function otherVersion({ outdated }: MeshStatus, room: RoomStatus): StatusWords | undefined {
  if (outdated === undefined) return undefined;
  const detail = `${errorKind("WRONG_VERSION").sentence} ${keptHere(room)}`;
  return outdated === "client"
    ? { tone: "alarm", sentence: withWaiting("This page is older than the relay: reload it", room), detail }
    : { tone: "care", sentence: withWaiting("The relay is older than this page", room), detail };
}

function refusal(mesh: MeshStatus, room: RoomStatus): StatusWords | undefined {
  const problem = room.problem ?? (mesh.connection === "online" ? undefined : mesh.problem);
  if (problem === undefined) return undefined;
  const { sentence, retryable } = errorKind(problem.code);
  const detail = `${sentence} ${keptHere(room)}`;
  switch (problem.code) {
    case "STORE_FULL":
      return { tone: "care", sentence: withWaiting("The relay's disk is full", room), detail };
    case "STORE_FAILED":
      return { tone: "care", sentence: withWaiting("The relay cannot use its disk", room), detail };
    case "BEHIND":
      return { tone: "care", sentence: withWaiting("This relay does not know this document yet", room), detail };
    case "ROOM_FULL":
      return { tone: "alarm", sentence: "The document has reached its largest size", detail };
    default:
      if (room.phase === "refused" || (!retryable && problem.code !== room.setAside?.code)) return { tone: "alarm", sentence, detail };
  }
  return undefined;
}

/** Said of what is saved and of what is not: those that were refused are neither. */
function withSetAside(words: StatusWords, room: RoomStatus): StatusWords {
  if (room.setAsideEdits === 0) return words;
  const refused = `${edits(room.setAsideEdits)} refused, on this device alone`;
  const others = words.tone === "calm" || (room.waiting === 0 && room.phase === "on-this-device") ? "" : `${words.sentence} · `;
  return { tone: "alarm", sentence: `${others}${refused}`, detail: `${reasonOf(room)} ${keptHere(room)}` };
}

function reasonOf({ setAside }: RoomStatus): string {
  return setAside === undefined ? "" : errorKind(setAside.code).sentence;
}

function place(mesh: MeshStatus, room: RoomStatus): StatusWords {
  if (room.notOnDevice > 0 && room.device === "disk") return { tone: "busy", sentence: "Not even on this device yet" };
  if (mesh.workingOffline) return { tone: "care", sentence: withWaiting("Working offline", room), detail: keptHere(room) };
  if (mesh.connection === "offline")
    return { tone: "care", sentence: withWaiting("Offline", room), detail: `No relay can be reached. ${keptHere(room)}` };
  if (mesh.connection === "connecting" || room.phase === "connecting")
    return { tone: "busy", sentence: withWaiting("Connecting…", room), detail: keptHere(room) };
  if (room.phase === "syncing" || !room.synced) return { tone: "busy", sentence: withWaiting("Fetching what is new…", room) };
  // Before any word about where the edits are: what others have at this relay is less than what is on this page.
  if (room.behind) return behind;
  if (room.phase === "saved" && room.waiting === 0) {
    if (room.device !== "failed") return { tone: "calm", sentence: savedOn(room) };
    return { tone: "care", sentence: `${savedOn(room)}, but not on this device`, detail: whyNotOnDevice(room) };
  }
  if (room.areBlobsUnknown && room.waiting + room.waitingBlobs === 0) return unreadBlobs;
  if (room.phase === "kept-by-a-relay")
    return {
      tone: "care",
      sentence: "Kept by a relay, not saved yet",
      detail:
        room.waiting === 0
          ? notYet(room)
          : `${room.copies} of ${room.needed} copies that this relay's operator asked for. ${room.waitingBlobs > 0 ? notYet(room) : ""}`.trim(),
    };
  const saving = [...(room.waiting > 0 ? [edits(room.waiting)] : []), ...(room.waitingBlobs > 0 ? [images(room.waitingBlobs)] : [])];
  return { tone: "busy", sentence: saving.length === 0 ? "Saving…" : `Saving ${saving.join(" and ")}…`, detail: keptHere(room) };
}

const unreadBlobs: StatusWords = {
  tone: "busy",
  sentence: "Looking for images that wait here…",
  detail: "What you typed is saved. Whether an image waits on this device is read from its disk, again and again while that refuses.",
};

const behind: StatusWords = {
  tone: "care",
  sentence: "This relay has not seen all that you saw yet",
  detail:
    "Another relay showed you something that this one has not got. It asks the others for it, and gets what is on this device. " +
    "Until then, others at this relay see less than you do.",
};

/** Who has sent nothing yet was told of no copy but the one that it reads: what others typed may have no other one. */
function savedOn({ copies, needed, replicas }: RoomStatus): string {
  return copies < needed ? "All your edits are saved" : `Saved on ${copies} of ${replicas} ${replicas === 1 ? "relay" : "relays"}`;
}

function withWaiting(state: string, room: RoomStatus): string {
  const { waiting, waitingBlobs } = room;
  if (waiting + waitingBlobs === 0) return state;
  const what = [...(waiting > 0 ? [edits(waiting)] : []), ...(waitingBlobs > 0 ? [images(waitingBlobs)] : [])].join(" and ");
  // Both together would not fit on a phone.
  return `${state} · ${what} ${waiting > 0 && waitingBlobs > 0 ? "not sent" : "on this device, not yet sent"}`;
}

function keptHere(room: RoomStatus): string {
  if (room.setAsideEdits > 0) return "What was refused is on this device alone.";
  const typed = room.waiting === 0 ? "Everything that you typed is saved." : "What you type is kept on this device and sent later.";
  return room.waitingBlobs === 0 ? typed : `${typed} ${notYet(room)}`;
}

function notYet({ waitingBlobs }: RoomStatus): string {
  return `${images(waitingBlobs)} ${waitingBlobs === 1 ? "is" : "are"} not saved yet.`;
}

/** "1 image", "3 images". */
function images(count: number): string {
  return count === 1 ? "1 image" : `${count.toLocaleString("en")} images`;
}

/** "1 edit", "3 edits". */
export function edits(count: number): string {
  return count === 1 ? "1 edit" : `${count.toLocaleString("en")} edits`;
}
