/**
 * RoomEvents: what a room tells its application.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RoomStatus } from "./core/room-status.ts";

export interface RoomDeletion {
  /** Who deleted it, or empty when that is not known. */
  readonly by: string;
  /** When, in wall time of the relay; 0 when that is not known. */
  readonly atMs: number;
}

/** A final refusal: of the whole room, or of one edit, which then stays aside on this device. */
export interface RoomRefusal {
  readonly refusal: Refusal;
  readonly edit: Uint8Array | undefined;
}

export interface RemoteUpdates {
  /** How many updates the transaction held. */
  readonly count: number;
}

/** A time without a line is over: told once everything that was made in it is saved, and only if there is something to tell. */
export interface RoomReturn {
  /** How long there was no line, in ms; 0 when only edits of an earlier life of the page were sent. */
  readonly awayMs: number;
  /** Edits of this device that were made without a line and are saved since. */
  readonly sent: number;
  /** Updates of others that were missed and are in the document now. */
  readonly merged: number;
  /** Whether `merged` is all: what a relay sends as one difference cannot be counted. */
  readonly isMergedExact: boolean;
}

export interface RoomEvents {
  status: RoomStatus;
  synced: undefined;
  deleted: RoomDeletion;
  refused: RoomRefusal;
  /** One transaction of remote updates was applied. */
  remote: RemoteUpdates;
  returned: RoomReturn;
  /** What was set aside is discarded, here or in another tab; the document still shows it until it is opened anew. */
  discarded: undefined;
}
