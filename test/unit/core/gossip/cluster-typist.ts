/**
 * ClusterTypist: somebody who types into one document at one relay after another, keeps everything until it is called saved, and
 * says so to whoever audits it.
 *
 * After a lost line it has nothing but its document, and sends all of that as number 1.
 */
import * as Y from "yjs";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { RelayCluster, Seat } from "./relay-cluster.ts";

/** An edit, and whether it was called saved. */
export interface TypedEdit {
  readonly update: Uint8Array;
  /** Its number on the line as it is. */
  number: number;
  isSaved: boolean;
  readonly typedMs: number;
}

type Ack = Extract<RelayMessage, { type: "ack" }>;

export class ClusterTypist {
  readonly document = new Y.Doc();
  readonly edits: TypedEdit[] = [];
  readonly acks: Ack[] = [];
  readonly #cluster: RelayCluster;
  readonly #room: RoomName;
  /** Called for each edit when it is called saved, with what the relay said. */
  onSaved: (edit: TypedEdit, ack: Ack) => void = () => undefined;
  #send: ((bytes: Uint8Array) => void) | undefined;
  #isOpen = false;
  #line = 0;
  #sent = 0;
  isSynced = false;
  /** What there was when it was told that this is all. */
  textAtSynced = "";
  isDeleted = false;
  /** What its document belongs to; undefined until it was opened. */
  generation: number | undefined;
  /** Whom it is at. */
  seat: Seat | undefined;

  constructor(cluster: RelayCluster, room: string, clientId: number) {
    this.#cluster = cluster;
    this.#room = room as RoomName;
    this.document.clientID = clientId;
    this.document.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== "relay") this.#typed(update);
    });
  }

  get text(): string {
    return this.document.getText("text").toString();
  }

  get isConnected(): boolean {
    return this.#send !== undefined;
  }

  get unsaved(): number {
    return this.edits.filter(({ isSaved }) => !isSaved).length;
  }

  connect(seat: Seat): this {
    this.seat = seat;
    this.isSynced = false;
    // What an earlier line still brings speaks of other numbers.
    this.#line += 1;
    const line = this.#line;
    const isThis = (): boolean => line === this.#line;
    this.#send = this.#cluster.connect(seat, {
      received: (frame) => isThis() && this.#received(frame),
      closed: () => isThis() && this.#closed(),
    });
    this.#say({ type: "hello", version: nativeVersion, agent: "test", credential: "" });
    const nothing = { generation: this.generation, access: "read-write", token: "", clock: VectorClock.empty } as const;
    this.#say({ type: "open", channel: 1, room: this.#room, ...nothing, stateVector: Y.encodeStateVector(this.document) });
    return this;
  }

  /** Goes without a word. */
  leave(): void {
    this.#line += 1;
    this.#closed();
  }

  type(text: string): void {
    const shared = this.document.getText("text");
    shared.insert(this.#cluster.chance(shared.length + 1), text);
  }

  append(text: string): void {
    const shared = this.document.getText("text");
    shared.insert(shared.length, text);
  }

  erase(): void {
    const shared = this.document.getText("text");
    if (shared.length > 0) shared.delete(this.#cluster.chance(shared.length), 1);
  }

  #typed(update: Uint8Array): void {
    const edit: TypedEdit = { update, number: 0, isSaved: false, typedMs: this.#cluster.nowMs };
    this.edits.push(edit);
    if (this.#isOpen) this.#sendEdit(edit);
  }

  #sendEdit(edit: TypedEdit): void {
    this.#sent += 1;
    edit.number = this.#sent;
    this.#say({ type: "updates", channel: 1, first: this.#sent, kind: "edit", updates: [edit.update] });
  }

  #closed(): void {
    this.#send = undefined;
    this.#isOpen = false;
    this.#sent = 0;
    for (const edit of this.edits) edit.number = 0;
  }

  #received(frame: Uint8Array): void {
    const messages = decodeRelayMessages(frame);
    if (!messages.ok) throw new Error(`unreadable: ${messages.refusal.detail}`);
    for (const message of messages.value) this.#hear(message);
  }

  #hear(message: RelayMessage): void {
    switch (message.type) {
      case "opened":
        this.#isOpen = true;
        this.generation = message.generation;
        return this.#sendAll(1);
      case "updates":
        for (const update of message.updates) Y.applyUpdate(this.document, update, "relay");
        return;
      case "synced":
        this.isSynced = true;
        this.textAtSynced = this.text;
        return;
      case "ack":
        return this.#acknowledged(message);
      case "nack":
        // Everything again, under the number that was refused.
        return this.#sendAll(message.number);
      case "deleted":
        this.isDeleted = true;
        return;
      case "error":
        return this.#closed();
      default:
    }
  }

  #sendAll(number: number): void {
    this.#sent = number;
    for (const edit of this.edits) if (!edit.isSaved) edit.number = number;
    const update = Y.encodeStateAsUpdate(this.document);
    this.#say({ type: "updates", channel: 1, first: number, kind: "state", updates: [update] });
  }

  #acknowledged(ack: Ack): void {
    this.acks.push(ack);
    if (ack.copies < ack.needed) return;
    for (const edit of this.edits) {
      if (edit.isSaved || edit.number === 0 || edit.number > ack.number) continue;
      edit.isSaved = true;
      this.onSaved(edit, ack);
    }
  }

  #say(message: ClientMessage): void {
    for (const frame of encodeClientMessages([message])) this.#send?.(frame);
  }
}
