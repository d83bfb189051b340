/**
 * SimClients: whole clients in miniature, with a document each: one of our own protocol (numbered, acknowledged, kept
 * until acked), one as y-websocket behaves. What arrives waits in `inbox` until the test delivers it; whatever the relay
 * promises is handed to the `Auditor`, which looks at the disk.
 */
import * as Y from "yjs";
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { CoreWorld, Socket } from "../../unit/core/core-world.ts";
import { readYFrame, yMessage } from "../../unit/core/scripted-client.ts";

/** Told of every promise when it reaches a client. */
export interface Auditor {
  acked(update: Uint8Array): void;
  stateVectorPromised(stateVector: Uint8Array): void;
  clockPromised(clock: VectorClock): void;
}

export interface SimClientOptions {
  readonly world: CoreWorld;
  readonly room: string;
  readonly author: number;
  readonly auditor: Auditor;
}

const fromRelay = Symbol("from relay");

export abstract class SimClient implements Socket {
  readonly document = new Y.Doc();
  readonly options: SimClientOptions;
  connection: ConnectionId | undefined;
  closeCodes: number[] = [];
  /** It lost something that nothing else may ever build on: only sending everything heals that. */
  hasLost = false;
  #inbox: Uint8Array[] = [];

  constructor(options: SimClientOptions) {
    this.options = options;
    this.document.clientID = options.author;
    this.document.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== fromRelay) this.edited(update);
    });
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  abstract connect(): void;
  protected abstract edited(update: Uint8Array): void;
  protected abstract heard(frame: Uint8Array): void;

  disconnect(): void {
    if (this.connection !== undefined) this.options.world.disconnect(this.connection);
    this.closed(1000);
  }

  received(frame: Uint8Array): void {
    this.#inbox.push(frame);
  }

  closed(code: number): void {
    this.closeCodes.push(code);
    this.connection = undefined;
    this.#inbox = [];
  }

  deliver(count: number): void {
    for (const frame of this.#inbox.splice(0, count)) this.heard(frame);
  }

  protected apply(update: Uint8Array): void {
    Y.applyUpdate(this.document, update, fromRelay);
  }

  protected send(bytes: Uint8Array): void {
    if (this.connection !== undefined) this.options.world.send(this.connection, bytes);
  }
}

interface Outgoing {
  readonly bytes: Uint8Array;
  readonly kind: UpdateKind;
  /** The edits whose safety an ack of this promises. */
  readonly edits: readonly Uint8Array[];
}

export class SimNativeClient extends SimClient {
  #outbox: Outgoing[] = [];
  /** The number of the first in the outbox. */
  #base = 1;
  #isOpen = false;
  #mustRetry = false;
  #clock = VectorClock.empty;
  #generation: number | undefined;
  #slices: Uint8Array[] = [];

  get unacked(): number {
    return this.#outbox.length;
  }

  connect(): void {
    const { world, room } = this.options;
    this.connection = world.connect("native", this);
    [this.#base, this.#isOpen, this.#mustRetry, this.#slices] = [1, false, false, []];
    const stateVector = Y.encodeStateVector(this.document);
    const open = {
      channel: 1,
      room: room as RoomName,
      generation: this.#generation,
      access: "read-write",
      token: "",
      clock: this.#clock,
      stateVector,
    } as const;
    this.#say({ type: "hello", version: nativeVersion, agent: "sim", credential: "" }, { type: "open", ...open });
  }

  /** A device that lost an update it had kept: what builds on it has a gap. */
  lose(): void {
    if (!this.isConnected && this.#outbox.shift() !== undefined) this.hasLost = true;
  }

  /** A device that does not trust what it kept sends everything that it has. */
  sendEverything(): void {
    const edits = this.#outbox.flatMap((outgoing) => outgoing.edits);
    this.#outbox = [{ bytes: Y.encodeStateAsUpdate(this.document), kind: "state", edits }];
    this.hasLost = false;
  }

  /** What was refused for a while is sent again. */
  retry(): void {
    if (this.#mustRetry) this.#sendFrom(0);
    this.#mustRetry = false;
  }

  protected edited(update: Uint8Array): void {
    this.#outbox.push({ bytes: update, kind: "edit", edits: [update] });
    if (this.#isOpen && !this.#mustRetry) this.#sendFrom(this.#outbox.length - 1);
  }

  protected heard(frame: Uint8Array): void {
    const decoded = decodeRelayMessages(frame);
    if (!decoded.ok) throw new Error("the relay said something unreadable");
    for (const message of decoded.value) this.#handle(message);
  }

  #handle(message: RelayMessage): void {
    const { auditor } = this.options;
    switch (message.type) {
      case "opened":
        auditor.stateVectorPromised(message.stateVector);
        this.#generation = message.generation;
        this.#isOpen = true;
        return this.#sendFrom(0);
      case "updates":
        return message.updates.forEach((update) => this.apply(update));
      case "chunk":
        this.#slices.push(message.bytes);
        if (message.remaining > 0) return;
        this.apply(Uint8Array.from(this.#slices.splice(0).flatMap((slice) => [...slice])));
        return;
      case "synced":
      case "clock":
        auditor.clockPromised(message.clock);
        this.#clock = this.#clock.join(message.clock);
        return;
      case "ack":
        return this.#acked(message.number);
      case "nack":
        return this.#refused(message);
      case "error":
        throw new Error(`refused: ${message.code} ${message.detail}`);
      default:
    }
  }

  #acked(number: number): void {
    for (const { edits } of this.#outbox.splice(0, number - this.#base + 1)) for (const edit of edits) this.options.auditor.acked(edit);
    this.#base = number + 1;
  }

  #refused(nack: RelayMessage & { type: "nack" }): void {
    if (nack.code === "STORE_FULL" || nack.code === "STORE_FAILED" || nack.code === "RELAY_BUSY") this.#mustRetry = true;
    else if (nack.code === "GAP") {
      this.options.auditor.stateVectorPromised(nack.stateVector);
      const place = nack.number - this.#base;
      const edits = this.#outbox.slice(place).flatMap((outgoing) => outgoing.edits);
      this.#outbox.splice(place, Infinity, { bytes: Y.encodeStateAsUpdate(this.document, nack.stateVector), kind: "state", edits });
      this.#sendFrom(place);
    } else throw new Error(`refused: ${nack.code} ${nack.detail}`);
  }

  #sendFrom(place: number): void {
    for (let index = place; index < this.#outbox.length; index++) {
      const { bytes, kind } = this.#outbox[index]!;
      this.#say({ type: "updates", channel: 1, first: this.#base + index, kind, updates: [bytes] });
    }
  }

  #say(...messages: ClientMessage[]): void {
    for (const frame of encodeClientMessages(messages)) this.send(frame);
  }
}

export class SimYClient extends SimClient {
  #losesNext = false;

  connect(): void {
    const { world, room } = this.options;
    this.connection = world.connect("y-websocket", this, { room });
    this.send(yMessage([0, 0], Y.encodeStateVector(this.document)));
  }

  /** The next edit does not leave: what builds on it has a gap. */
  lose(): void {
    this.#losesNext = true;
  }

  protected edited(update: Uint8Array): void {
    if (!this.#losesNext) this.send(yMessage([0, 2], update));
    else this.hasLost = true;
    this.#losesNext = false;
  }

  protected heard(frame: Uint8Array): void {
    const { type, body } = readYFrame(frame);
    if (type === "step-1") {
      this.options.auditor.stateVectorPromised(body);
      this.send(yMessage([0, 1], Y.encodeStateAsUpdate(this.document, body)));
    } else if (type !== "awareness") this.apply(body);
  }
}
