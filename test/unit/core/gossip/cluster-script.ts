/**
 * ClusterScript: a socket of our own protocol at one relay of a cluster that says exactly what a test wants and keeps what it hears.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { RelayCluster, Seat } from "./relay-cluster.ts";

export class ClusterScript {
  readonly heard: RelayMessage[] = [];
  readonly #send: ((bytes: Uint8Array) => void) | undefined;

  constructor(cluster: RelayCluster, seat: Seat, version = nativeVersion) {
    const received = (frame: Uint8Array): void => {
      const messages = decodeRelayMessages(frame);
      if (!messages.ok) throw new Error(`unreadable: ${messages.refusal.detail}`);
      this.heard.push(...messages.value);
    };
    this.#send = cluster.connect(seat, { received, closed: () => undefined });
    this.say({ type: "hello", version, agent: "test", credential: "" });
  }

  say(message: ClientMessage): void {
    for (const frame of encodeClientMessages([message])) this.#send?.(frame);
  }

  /** Opens a document as somebody who has nothing of it but perhaps a token. */
  open(room: string, more: Partial<ClientMessage & { type: "open" }> = {}): this {
    const nothing = { generation: undefined, access: "read-write", token: "", clock: VectorClock.empty } as const;
    this.say({ type: "open", channel: 1, room: room as RoomName, ...nothing, stateVector: Uint8Array.of(0), ...more });
    return this;
  }

  /** The words about what is here, in order: `behind` with what it lacks, and `synced`. */
  get words(): readonly string[] {
    return this.heard.flatMap((message) => {
      if (message.type === "behind") return [`behind: ${message.lacks}`];
      return message.type === "synced" ? ["synced"] : [];
    });
  }

  /** The token that it was told last. */
  get token(): string {
    const told = this.heard.findLast((message) => message.type === "synced" || message.type === "clock");
    return told?.type === "synced" || told?.type === "clock" ? told.token : "";
  }
}
