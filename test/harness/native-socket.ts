/**
 * NativeSocket: our own wire protocol spoken by hand, so that a test sees each message and may say anything. It sends
 * updates with numbers and knows which were acknowledged; it repairs nothing and keeps nothing.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { RawSocket } from "./raw-socket.ts";
import { until } from "./until.ts";

type OfType<Type extends RelayMessage["type"]> = Extract<RelayMessage, { type: Type }>;

export class NativeSocket {
  readonly raw: RawSocket;
  readonly heard: RelayMessage[] = [];
  /** Called for every message, as it comes. */
  onMessage: (message: RelayMessage) => void = () => undefined;
  #number = 0;

  constructor(url: string) {
    this.raw = new RawSocket(url);
    this.raw.socket.on("message", (data: Buffer) => {
      const decoded = decodeRelayMessages(new Uint8Array(data));
      if (!decoded.ok) throw new Error(`the relay said something unreadable: ${decoded.refusal.detail}`);
      for (const message of decoded.value) {
        this.heard.push(message);
        this.onMessage(message);
      }
    });
  }

  /** Opens the socket and says hello. */
  async hello(version = nativeVersion): Promise<this> {
    await this.raw.opened();
    this.say({ type: "hello", version, agent: "test", credential: "" });
    return this;
  }

  say(...messages: readonly ClientMessage[]): void {
    this.raw.send(...encodeClientMessages(messages));
  }

  /** Opens a room as one that has nothing yet, and waits until all of it is here. */
  async open(room: string, channel = 1): Promise<OfType<"opened">> {
    this.ask(room, channel);
    const opened = await this.hears("opened", (message) => message.channel === channel);
    await this.hears("synced", (message) => message.handle === opened.handle);
    return opened;
  }

  ask(room: string, channel = 1): void {
    const nothing = { generation: undefined, token: "", clock: VectorClock.empty, stateVector: Uint8Array.of(0) };
    this.say({ type: "open", channel, room: room as RoomName, access: "read-write", ...nothing });
  }

  /** Sends updates, one frame for all; answers the number of the last. */
  update(updates: readonly Uint8Array[], channel = 1): number {
    this.say({ type: "updates", channel, first: this.#number + 1, kind: "edit", updates });
    return (this.#number += updates.length);
  }

  async hears<Type extends RelayMessage["type"]>(
    type: Type,
    which: (message: OfType<Type>) => boolean = () => true,
  ): Promise<OfType<Type>> {
    const find = (): OfType<Type> | undefined =>
      this.heard.find((message): message is OfType<Type> => message.type === type && which(message as OfType<Type>));
    await until(`the relay says ${type}`, () => find() !== undefined, {
      seen: () => ({ heard: this.heard.map((message) => message.type), closed: this.raw.closeCode }),
    });
    return find()!;
  }

  async acked(number: number): Promise<void> {
    await this.hears("ack", (message) => message.number >= number);
  }

  end(): void {
    this.raw.end();
  }
}
