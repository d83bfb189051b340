/**
 * RoomBlobs: one document's images, for an application: put in, asked for, brought along from another document.
 */
import { isBlobName } from "@inkmesh/shared/base/blob-name";
import type { BlobAnswer, DeviceBlobs } from "./device-blobs.ts";

export class RoomBlobs {
  readonly #room: string;
  readonly #device: DeviceBlobs;

  /** Made by the room. */
  constructor(room: string, device: DeviceBlobs) {
    this.#room = room;
    this.#device = device;
  }

  /**
   * Keeps bytes on this device and sees to it that they are saved; resolves, once they are on the device, with the name by which the document may
   * refer to them: as the value of an attribute, for example. `room.status.waitingBlobs` counts them until they are saved. Rejects when they
   * are more than 8 MiB, or the device's disk refuses them.
   */
  add(bytes: Uint8Array): Promise<string> {
    return this.#device.add(this.#room, bytes);
  }

  /** The bytes of a name, from this device or else from the relay. Never rejects. */
  async get(name: string): Promise<BlobAnswer> {
    return isBlobName(name) ? this.#device.get(this.#room, name) : { type: "not-found" };
  }

  /** Puts what another document has under a name into this one, too. */
  async bring(name: string, fromRoom: string): Promise<BlobAnswer> {
    const answer: BlobAnswer = isBlobName(name) ? await this.#device.get(fromRoom, name) : { type: "not-found" };
    if (answer.type === "found") await this.#device.add(this.#room, answer.bytes);
    return answer;
  }
}
