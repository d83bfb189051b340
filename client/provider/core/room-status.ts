/**
 * RoomStatus: what is true about one room's edits right now, for a person to read.
 *
 *     loading → connecting → syncing → saved            and while edits wait: on-this-device → kept-by-a-relay → saved
 *
 * `phase` is one word for it; `waiting`, `notOnDevice` and `copies` are the numbers behind it and are always current.
 *
 * Invariants: "saved" is said only on a living session, after all that the relay had is here, with nothing waiting, no edit and no
 * image, and nothing of the document refused for good, in a document that shows what comes;
 * "kept-by-a-relay" only when a relay's disk holds every waiting edit and image. Without a line nothing is claimed about relays:
 * then the phase is "on-this-device" even with nothing waiting, or "connecting" while the first line is being opened.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { OlderSide } from "@inkmesh/shared/wire/protocol-version";
import type { Stamp } from "@inkmesh/shared/wire/client-message";
import { type BlobView, isAllSaved } from "./blob-outbox.ts";

export type RoomPhase = "loading" | "connecting" | "syncing" | "on-this-device" | "kept-by-a-relay" | "saved" | "deleted" | "refused";

/** Where this device keeps its copy: on disk, only in memory (nothing survives a reload), or the disk refused. */
export type DeviceState = "disk" | "memory" | "failed";

/**
 * Why the disk refuses, as far as it says so: no space (for this page), another tab brought the store to a layout that
 * this version does not know, or anything else.
 */
export type DeviceTrouble = "full" | "newer" | "refused";

/** What a browser answered when it was asked to keep what is stored here. */
export type Persistence = "granted" | "refused" | "unavailable";

export interface RoomStatus {
  readonly phase: RoomPhase;
  /** Whether all that the relay had was here once since `open`. */
  readonly synced: boolean;
  /** Edits of this device that are not saved yet: this tab's, and those of its other tabs that are known here. */
  readonly waiting: number;
  /** Edits of this tab that are not on this device's disk yet: closing the page now would lose them unless a relay has them. */
  readonly notOnDevice: number;
  /** Images of this device that are not known to be saved; one that was added in another tab included. */
  readonly waitingBlobs: number;
  /** How many of them are in this page's memory alone. */
  readonly blobsNotOnDevice: number;
  /** Whether images wait is not known: the device's store of them was not read yet, or cannot be. */
  readonly areBlobsUnknown?: true;
  /** Replicas known to hold everything typed here, and how many there are and "saved" needs. */
  readonly copies: number;
  readonly replicas: number;
  readonly needed: number;
  /** Undefined until a relay has said it. */
  readonly generation?: number;
  /** The room's clock as this client has reached it, readable: `relay.life:counter …`. */
  readonly clock: string;
  /** The relay's hybrid logical clock stamp of the newest edit on its disk: ms since 1970, and the logical counter. */
  readonly stampMs?: number;
  readonly stampLogical?: number;
  readonly device: DeviceState;
  /** Why the disk refuses, while it does. */
  readonly deviceTrouble?: DeviceTrouble;
  /** The relay at the other end lacks something that was seen here, through another one: it is sent what is here. */
  readonly behind?: true;
  /** Why edits wait, or why the room cannot be had. */
  readonly problem?: Refusal;
  /** Edits that a relay refused for good, now or in an earlier life of the page: they are on this device alone. */
  readonly setAsideEdits: number;
  /** Why the last of them was refused. */
  readonly setAside?: Refusal;
}

export interface MeshStatus {
  readonly connection: "offline" | "connecting" | "online";
  /** A person has switched to working offline. */
  readonly workingOffline: boolean;
  /** Name of the relay at the other end, and the WebSocket address at which it was reached. */
  readonly relay?: string;
  readonly url?: string;
  readonly roundTripMs?: number;
  readonly problem?: Refusal;
  /** Which side is too old for the other, while that keeps them apart. */
  readonly outdated?: OlderSide;
  /** When the next attempt is due, in monotonic time of this process (`performance.now()`). */
  readonly retryAtMs?: number;
  /** Whether the browser keeps the device's store when space runs short; undefined until it was asked. */
  readonly persistence?: Persistence;
}

/** What the core knows about a room; the driver adds what it knows about the device. */
export interface SessionView {
  readonly session: "loading" | "detached" | "opening" | "syncing" | "live" | "deleted" | "refused";
  readonly synced: boolean;
  readonly waiting: number;
  /** Fewest copies of any waiting edit; with none waiting, those that hold everything. */
  readonly copies: number;
  readonly replicas: number;
  readonly needed: number;
  readonly generation: number | undefined;
  readonly clock: string;
  readonly stamp: Stamp | undefined;
  /** The relay lacks something of what was seen. */
  readonly isBehind: boolean;
  readonly problem: Refusal | undefined;
  /** Why a relay does not take what it lacks of the document: that is on this device alone, as no edit in particular. */
  readonly repairRefused: Refusal | undefined;
}

/** A room whose session is not there yet, or no more. */
export const notLoaded: SessionView = {
  session: "loading",
  synced: false,
  waiting: 0,
  copies: 0,
  replicas: 0,
  needed: 0,
  generation: undefined,
  clock: "",
  stamp: undefined,
  isBehind: false,
  problem: undefined,
  repairRefused: undefined,
};

/** What the driver knows about the device. */
export interface DeviceView {
  readonly state: DeviceState;
  readonly trouble: DeviceTrouble | undefined;
  readonly notOnDevice: number;
  readonly setAsideEdits: number;
  readonly setAside: Refusal | undefined;
  /** Why the document takes nothing any more, if it does not. */
  readonly failure: Refusal | undefined;
  readonly blobs: BlobView;
}

/** Puts both halves together. */
export function roomStatus(view: SessionView, device: DeviceView, connection: MeshStatus["connection"]): RoomStatus {
  const { blobs } = device;
  const problem = device.failure ?? view.problem ?? device.setAside ?? blobs.problem;
  const isRefused = device.setAsideEdits > 0 || view.repairRefused !== undefined || device.failure !== undefined;
  return {
    phase: phaseOf(view, blobs, connection, isRefused),
    synced: view.synced,
    waiting: view.waiting,
    notOnDevice: (device.state === "memory" ? view.waiting : device.notOnDevice) + blobs.notOnDevice,
    waitingBlobs: blobs.waiting,
    blobsNotOnDevice: blobs.notOnDevice,
    ...(blobs.isKnown ? {} : { areBlobsUnknown: true }),
    copies: view.copies,
    replicas: view.replicas,
    needed: view.needed,
    ...(view.generation === undefined ? {} : { generation: view.generation }),
    clock: view.clock,
    ...(view.stamp === undefined ? {} : { stampMs: view.stamp.physicalMs, stampLogical: view.stamp.logical }),
    device: device.state,
    ...(device.trouble === undefined ? {} : { deviceTrouble: device.trouble }),
    ...(view.isBehind ? { behind: true } : {}),
    ...(problem === undefined ? {} : { problem }),
    setAsideEdits: device.setAsideEdits,
    ...(device.setAside === undefined ? {} : { setAside: device.setAside }),
  };
}

function phaseOf(view: SessionView, blobs: BlobView, connection: MeshStatus["connection"], isRefused: boolean): RoomPhase {
  switch (view.session) {
    case "loading":
    case "deleted":
    case "refused":
      return view.session;
    case "detached":
      // Once synced, a line that is being opened anew is no news: where the edits are is.
      return connection === "connecting" && !view.synced ? "connecting" : "on-this-device";
    case "opening":
    case "syncing":
      return "syncing";
    case "live":
      if (view.waiting === 0 && isAllSaved(blobs)) return isRefused ? "on-this-device" : "saved";
      return (view.waiting === 0 || view.copies > 0) && blobs.kept === blobs.waiting && blobs.isKnown
        ? "kept-by-a-relay"
        : "on-this-device";
  }
}

export function sameStatus<Status extends RoomStatus | MeshStatus>(left: Status, right: Status): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof Status>;
  for (const key of keys) if (!sameValue(left[key], right[key])) return false;
  return true;
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return (left as Refusal).code === (right as Refusal).code && (left as Refusal).detail === (right as Refusal).detail;
}
