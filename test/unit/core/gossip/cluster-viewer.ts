/**
 * ClusterViewer: somebody with a cursor in one document at one relay after another, with y-protocols' own Awareness, as browsers
 * have it. It renews its state every 15 s of the cluster's clock, and may echo what it sees, as y-websocket's clients do.
 */
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { decodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { Socket } from "../core-world.ts";
import type { RelayCluster, Seat } from "./relay-cluster.ts";

const renewMs = 15_000;

export class ClusterViewer {
  readonly id: number;
  /** Whom it is at; undefined while it is away. */
  seat: Seat | undefined;
  /** Frames about presence that it was sent. */
  heard = 0;
  /** How often it was told that it is gone itself. */
  toldGone = 0;
  /** How many it was told that there are; 0: all are shown. */
  present = 0;
  readonly #cluster: RelayCluster;
  readonly #room: RoomName;
  readonly #awareness: Awareness;
  readonly #echoes: boolean;
  #send: ((bytes: Uint8Array) => void) | undefined;
  #close: () => void = () => undefined;
  #line = 0;
  #isOpen = false;

  readonly #version: number;

  constructor(cluster: RelayCluster, room: string, id: number, options: { echoes?: boolean; version?: number } = {}) {
    this.#cluster = cluster;
    this.#room = room as RoomName;
    this.#echoes = options.echoes ?? false;
    this.#version = options.version ?? nativeVersion;
    this.id = id;
    const document = new Y.Doc();
    document.clientID = id;
    this.#awareness = new Awareness(document);
    // It would look at the real clock.
    clearInterval((this.#awareness as unknown as { _checkInterval: NodeJS.Timeout })._checkInterval);
    this.#awareness.setLocalState({ at: 0 });
    this.#awareness.on("update", ({ added, updated, removed }: Record<string, number[]>, origin: unknown) => {
      const changed = [...added!, ...updated!, ...removed!].filter((changedId) => changedId === id || (this.#echoes && origin === "relay"));
      if (changed.length > 0) this.#say(changed);
    });
    this.#renewLater();
  }

  /** Where the others stand, as it sees them. */
  get others(): Readonly<Record<number, number>> {
    const states = [...this.#awareness.getStates()].filter(([id]) => id !== this.id);
    return Object.fromEntries(states.map(([id, state]) => [id, (state as { at: number }).at]));
  }

  get at(): number {
    return (this.#awareness.getLocalState() as { at: number }).at;
  }

  connect(seat: Seat): this {
    this.disconnect();
    this.#line += 1;
    const line = this.#line;
    const socket: Socket = {
      received: (frame) => line === this.#line && this.#received(frame),
      closed: () => line === this.#line && this.disconnect(),
    };
    this.#send = this.#cluster.connect(seat, socket);
    if (this.#send === undefined) return this;
    this.seat = seat;
    this.#close = () => this.#cluster.hangUp(seat, socket);
    this.#tell({ type: "hello", version: this.#version, agent: "test", credential: "" });
    const nothing = { generation: undefined, access: "read-write", token: "", clock: VectorClock.empty } as const;
    this.#tell({ type: "open", channel: 1, room: this.#room, ...nothing, stateVector: Y.encodeStateVector(new Y.Doc()) });
    return this;
  }

  /** Its line ends, as a closed tab's does. What it saw goes with it. */
  disconnect(): void {
    if (this.seat === undefined) return;
    this.seat = undefined;
    this.#isOpen = false;
    this.#send = undefined;
    this.#line += 1;
    this.#close();
    const others = [...this.#awareness.getStates().keys()].filter((id) => id !== this.id);
    removeAwarenessStates(this.#awareness, others, "line");
    for (const id of others) this.#awareness.meta.delete(id);
    this.present = 0;
  }

  move(): void {
    this.#awareness.setLocalState({ at: this.at + 1 });
  }

  #renewLater(): void {
    this.#cluster.at(this.#cluster.nowMs + renewMs, () => {
      this.#awareness.setLocalState(this.#awareness.getLocalState());
      this.#renewLater();
    });
  }

  #received(frame: Uint8Array): void {
    const messages = decodeRelayMessages(frame);
    if (!messages.ok) throw new Error(`unreadable: ${messages.refusal.detail}`);
    for (const message of messages.value) {
      if (message.type === "opened") {
        this.#isOpen = true;
        this.#say([this.id]);
      } else if (message.type === "presence") {
        this.heard += 1;
        const states = decodeAwarenessUpdate(message.bytes);
        if (states.ok && states.value.some(({ id, state }) => id === this.id && state === undefined)) this.toldGone += 1;
        applyAwarenessUpdate(this.#awareness, message.bytes, "relay");
      } else if (message.type === "presence-count") {
        this.present = message.present;
      } else if (message.type === "deleted" || message.type === "error") {
        this.disconnect();
      }
    }
  }

  #say(ids: readonly number[]): void {
    if (this.#isOpen) this.#tell({ type: "presence", channel: 1, bytes: encodeAwarenessUpdate(this.#awareness, [...ids]) });
  }

  #tell(message: ClientMessage): void {
    for (const frame of encodeClientMessages([message])) this.#send?.(frame);
  }
}
