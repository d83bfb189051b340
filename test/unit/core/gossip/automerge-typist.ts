/**
 * AutomergeTypist: as a ClusterTypist, of a document of Automerge's: it types at one relay after another, keeps everything until it is called saved,
 * and after a lost line sends all that it has as number 1.
 */
import * as A from "automerge";
import { concatBytes, bytesOfHex } from "@inkmesh/shared/base/bytes";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { typedChanges } from "../../../automerge-typing.ts";
import type { RelayCluster, Seat } from "./relay-cluster.ts";

interface Notes extends Record<string, unknown> {
  text: string;
}

export class AutomergeTypist {
  document: A.Doc<Notes>;
  isSynced = false;
  /** How many changes it made, and how many of them were called saved. */
  typed = 0;
  saved = 0;
  readonly refusals: string[] = [];
  readonly #cluster: RelayCluster;
  readonly #room: RoomName;
  #send: ((bytes: Uint8Array) => void) | undefined;
  #isOpen = false;
  #line = 0;
  #sent = 0;
  /** How many of its changes each number of this line stands for. */
  #sizes: number[] = [];

  constructor(cluster: RelayCluster, room: RoomName, actor: string) {
    this.#cluster = cluster;
    this.#room = room;
    [this.document] = A.applyChanges(A.init<Notes>({ actor }), [...typedChanges(actor, [])]);
  }

  get text(): string {
    return this.document.text;
  }

  get isAllSaved(): boolean {
    return this.saved === this.typed;
  }

  connect(seat: Seat): this {
    this.isSynced = false;
    this.#line += 1;
    const line = this.#line;
    this.#send = this.#cluster.connect(seat, {
      received: (frame) => line === this.#line && this.#received(frame),
      closed: () => line === this.#line && this.#closed(),
    });
    const nothing = { generation: undefined, access: "read-write", token: "", clock: VectorClock.empty } as const;
    const stateVector = concatBytes(A.getHeads(this.document).toSorted().map(bytesOfHex));
    this.#say({ type: "hello", version: nativeVersion, agent: "test", credential: "" });
    this.#say({ type: "open", channel: 1, room: this.#room, ...nothing, stateVector });
    return this;
  }

  leave(): void {
    this.#line += 1;
    this.#closed();
  }

  type(text: string): void {
    const at = this.#cluster.chance(this.text.length + 1);
    this.document = A.change(this.document, { time: 0 }, (draft) => A.splice(draft, ["text"], at, 0, text));
    this.typed += 1;
    if (this.#isOpen) this.#sendUpdate(A.getLastLocalChange(this.document)!, "edit");
  }

  #sendUpdate(update: Uint8Array, kind: "edit" | "state"): void {
    this.#sent += 1;
    this.#sizes[this.#sent] = this.typed;
    this.#say({ type: "updates", channel: 1, first: this.#sent, kind, updates: [update] });
  }

  #sendAll(number: number): void {
    this.#sent = number - 1;
    this.#sendUpdate(concatBytes(A.getAllChanges(this.document)), "state");
  }

  #closed(): void {
    this.#send = undefined;
    this.#isOpen = false;
    this.#sent = 0;
    this.#sizes = [];
    this.saved = 0;
  }

  #received(frame: Uint8Array): void {
    const messages = decodeRelayMessages(frame);
    if (!messages.ok) throw new Error(`unreadable: ${messages.refusal.detail}`);
    for (const message of messages.value) this.#hear(message);
  }

  #hear(message: RelayMessage): void {
    if (message.type === "opened") {
      this.#isOpen = true;
      this.#sendAll(1);
    } else if (message.type === "updates") {
      for (const update of message.updates) this.document = A.loadIncremental(this.document, update);
    } else if (message.type === "synced") this.isSynced = true;
    else if (message.type === "ack" && message.copies >= message.needed) this.saved = this.#sizes[message.number] ?? this.saved;
    else if (message.type === "nack") {
      this.refusals.push(message.code);
      this.#sendAll(message.number);
    } else if (message.type === "error") this.#closed();
  }

  #say(message: ClientMessage): void {
    for (const bytes of encodeClientMessages([message])) this.#send?.(bytes);
  }
}
