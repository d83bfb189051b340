/**
 * DeviceRooms: what this device holds of each room, for the application, and which of it no relay will ever take: that of
 * a generation that was deleted, as far as this client has been told since it began.
 */
import type { DeviceRoom } from "./inkmesh-options.ts";
import type { OfflineStore } from "./offline-store.ts";
import type { RoomDeletion } from "./room-events.ts";

interface Deleted {
  readonly generation: number | undefined;
  readonly deletion: RoomDeletion;
}

export class DeviceRooms {
  readonly #store: OfflineStore;
  readonly #waitingBlobs: () => Promise<ReadonlyMap<string, number>>;
  readonly #deleted = new Map<string, Deleted>();

  /** `waitingBlobs`: how many images wait, by room. */
  constructor(store: OfflineStore, waitingBlobs: () => Promise<ReadonlyMap<string, number>>) {
    this.#store = store;
    this.#waitingBlobs = waitingBlobs;
  }

  /** A relay said that this generation was deleted; by the room's name there may be another one by now. */
  deleted(room: string, generation: number | undefined, { by, atMs }: RoomDeletion): void {
    this.#deleted.set(room, { generation, deletion: { by, atMs } });
  }

  /** Of all tabs. */
  async list(): Promise<readonly DeviceRoom[]> {
    const rooms = await this.#store.rooms();
    // Whoever cannot be told of images is still told of edits.
    const blobs = await this.#waitingBlobs().catch(() => new Map<string, number>());
    return rooms.map(({ room, generation, waiting, waitingSinceMs, changedMs }) => {
      const deleted = this.#deleted.get(room);
      const waitingBlobs = blobs.get(room);
      return {
        room,
        generation,
        waiting,
        changedMs,
        ...(waitingBlobs === undefined ? {} : { waitingBlobs }),
        ...(waitingSinceMs === undefined ? {} : { waitingSinceMs }),
        ...(deleted !== undefined && deleted.generation === generation ? { deletion: deleted.deletion } : {}),
      };
    });
  }
}
