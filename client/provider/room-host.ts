/**
 * RoomHost: all that a room sees of the mesh that it belongs to.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { ClientInput } from "./core/client-input.ts";
import type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";
import type { MeshStatus, SessionView } from "./core/room-status.ts";
import type { DeviceBlobs } from "./device-blobs.ts";
import type { InkmeshRoom } from "./inkmesh-room.ts";
import type { OfflineStore } from "./offline-store.ts";

export interface RoomHost {
  readonly tab: string;
  readonly store: OfflineStore;
  readonly connection: MeshStatus["connection"];
  /** The images of all rooms. */
  readonly blobs: DeviceBlobs;
  nextNumber(): number;
  turn(inputs: readonly ClientInput[]): void;
  view(room: RoomName): SessionView | undefined;
  isWaiting(room: RoomName, upTo: number): boolean;
  waiting(room: RoomName): readonly OutboxEntry[];
  sayEdits(room: RoomName, entries: readonly OutboxEntry[]): void;
  saySettled(room: RoomName, entries: readonly OutboxKey[], refusal?: Refusal): void;
  sayDiscarded(room: RoomName, keys: readonly OutboxKey[]): void;
  /** The tabs that live, this one included. */
  living(): Promise<ReadonlySet<string>>;
  /** The first edit of this room is on this device. */
  kept(): void;
  loaded(room: InkmeshRoom<unknown>): void;
  closing(room: InkmeshRoom<unknown>): void;
  closed(room: InkmeshRoom<unknown>): void;
}
