/**
 * ModelRelay: the dumbest relay that keeps our protocol's promises: one room, a list of entries, a mark up to where they
 * are on disk. What an update is to the document is a question to `ModelContent`.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { decodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import * as Y from "yjs";
import { contentOf, type ModelContent } from "./model-content.ts";

interface Session {
  readonly send: (frame: Uint8Array) => void;
  channel: number | undefined;
  nextNumber: number;
  /** After a nack: nothing but this number is taken. */
  nackedNumber: number | undefined;
  /** Numbers received, with how many entries have to be on disk for their ack. */
  unacked: { readonly number: number; readonly position: number }[];
  syncedAt: number | undefined;
  /** How many durable entries the last clock named. */
  toldDurable: number;
  gaps: number;
  /** The last presence that it said. */
  presence: Uint8Array | undefined;
}

interface StoredEntry {
  readonly actor: ActorId;
  readonly counter: number;
  readonly payload: Uint8Array;
}

const handle = 1;
/** More in one session end it. */
const gapsMax = 20;

export class ModelRelay {
  readonly #engine: EngineName;
  #entries: StoredEntry[] = [];
  /** Of all entries. */
  #content: ModelContent;
  #durable = 0;
  #life = 1;
  readonly #sessions = new Map<number, Session>();
  /** The next update is refused as if the disk were full. */
  isFull = false;
  /** How often something was answered with a gap. */
  gaps = 0;
  /** What it takes in one frame. */
  frameBytesMax = 1e6;
  /** Updates that are refused for good. */
  refuses: (update: Uint8Array) => boolean = () => false;

  constructor(engine: EngineName = "yjs") {
    this.#engine = engine;
    this.#content = contentOf(engine, []);
  }

  /** What a fresh reader of the disk sees. */
  durableDoc(): Y.Doc {
    const doc = new Y.Doc();
    doc.transact(() => this.durable.forEach((payload) => Y.applyUpdate(doc, payload)));
    return doc;
  }

  /** What is on the disk. */
  get durable(): readonly Uint8Array[] {
    return this.#entries.slice(0, this.#durable).map(({ payload }) => payload);
  }

  /** The disk is lost, with all that was on it. */
  loseDisk(): void {
    this.#durable = 0;
    this.crash();
  }

  connect(socket: number, send: (frame: Uint8Array) => void): void {
    this.#sessions.set(socket, {
      send,
      channel: undefined,
      nextNumber: 1,
      nackedNumber: undefined,
      unacked: [],
      syncedAt: undefined,
      toldDurable: -1,
      gaps: 0,
      presence: undefined,
    });
  }

  disconnect(socket: number): void {
    this.#sessions.delete(socket);
  }

  /** The disk has everything now. */
  sync(): void {
    this.#durable = this.#entries.length;
    for (const session of this.#sessions.values()) this.#tellDurable(session);
  }

  /** A crash: what was not on disk is gone, and so are the lines. */
  crash(): void {
    this.#entries = this.#entries.slice(0, this.#durable);
    this.#content = contentOf(this.#engine, this.durable);
    this.#life += 1;
    this.#sessions.clear();
  }

  /** The room is deleted: its sessions are told. */
  deleteRoom(by: string, atMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.channel !== undefined) this.#say(session, { type: "deleted", channel: session.channel, generation: 0, by, atMs });
      session.channel = undefined;
    }
  }

  receive(socket: number, frame: Uint8Array): void {
    const session = this.#sessions.get(socket);
    const messages = decodeClientMessages(frame);
    if (!session || !messages.ok) return;
    for (const message of messages.value) this.#heard(session, message);
  }

  #heard(session: Session, message: ClientMessage): void {
    switch (message.type) {
      case "hello":
        return this.#say(session, {
          type: "welcome",
          version: 1,
          relay: "a",
          frameBytesMax: this.frameBytesMax,
          updateBytesMax: this.frameBytesMax,
          keepaliveMs: 1e9,
          relays: [],
        });
      case "open":
        session.gaps = 0;
        return this.#open(session, message.channel, message.clock);
      case "ping":
        return this.#say(session, { type: "pong", nonce: message.nonce });
      case "presence":
        session.presence = message.bytes;
        for (const other of this.#sessions.values()) {
          if (other !== session && other.channel !== undefined) this.#say(other, { type: "presence", handle, bytes: message.bytes });
        }
        return;
      case "updates":
        message.updates.forEach((update, index) => this.#update(session, (message.first ?? 0) + index, update));
        return;
      default:
        return;
    }
  }

  #open(session: Session, channel: number, clock: VectorClock): void {
    Object.assign(session, { channel, nextNumber: 1, nackedNumber: undefined, unacked: [] });
    const stateVector = contentOf(this.#engine, this.durable).stateVector();
    this.#say(session, { type: "opened", channel, handle, generation: 0, access: "read-write", replicas: 1, needed: 1, stateVector });
    const news = this.#entries.filter(({ actor, counter }) => clock.counter(actor) < counter);
    if (news.length > 0) this.#say(session, { type: "updates", handle, updates: news.map(({ payload }) => payload) });
    for (const { presence } of this.#sessions.values()) if (presence) this.#say(session, { type: "presence", handle, bytes: presence });
    session.syncedAt = this.#entries.length;
    this.#tellDurable(session);
  }

  #update(session: Session, number: number, update: Uint8Array): void {
    if (session.channel === undefined) return;
    if (session.nackedNumber !== undefined && number !== session.nackedNumber) return;
    if (number !== session.nextNumber) throw new Error(`number ${number}, expected ${session.nextNumber}`);
    if (this.isFull) return this.#nack(session, number, "STORE_FULL", new Uint8Array());
    if (this.refuses(update)) return this.#nack(session, number, "BAD_UPDATE", new Uint8Array());
    const taken = this.#content.take(update);
    if (taken === "gap") return this.#gap(session, number);
    session.nackedNumber = undefined;
    session.nextNumber += 1;
    if (taken === "new") this.#admit(session, update);
    session.unacked.push({ number, position: this.#entries.length });
    this.#tellDurable(session);
  }

  #admit(author: Session, payload: Uint8Array): void {
    const actor = `a.${this.#life}` as ActorId;
    const counter = this.#entries.filter((entry) => entry.actor === actor).length + 1;
    this.#entries.push({ actor, counter, payload });
    for (const session of this.#sessions.values()) {
      if (session !== author && session.channel !== undefined) this.#say(session, { type: "updates", handle, updates: [payload] });
    }
  }

  #gap(session: Session, number: number): void {
    this.gaps += 1;
    session.gaps += 1;
    if (session.gaps > gapsMax) return this.#endSession(session);
    this.#nack(session, number, "GAP", this.#content.stateVector());
  }

  #endSession(session: Session): void {
    this.#say(session, { type: "error", channel: session.channel, code: "TOO_MANY_GAPS", retryAfterMs: 5_000, detail: "" });
    session.channel = undefined;
  }

  #nack(session: Session, number: number, code: "GAP" | "STORE_FULL" | "BAD_UPDATE", stateVector: Uint8Array): void {
    session.nackedNumber = number;
    session.nextNumber = number;
    this.#say(session, { type: "nack", handle, number, code, retryAfterMs: 100, detail: "", stateVector });
  }

  #tellDurable(session: Session): void {
    const acked = session.unacked.filter(({ position }) => position <= this.#durable).at(-1);
    session.unacked = session.unacked.filter(({ position }) => position > this.#durable);
    if (session.syncedAt !== undefined && session.syncedAt <= this.#durable) {
      session.syncedAt = undefined;
      this.#say(session, { type: "synced", handle, clock: this.#clock(), token: "", content: this.#content.hash() });
    } else if (session.channel !== undefined && session.syncedAt === undefined && session.toldDurable < this.#durable) {
      this.#say(session, { type: "clock", handle, clock: this.#clock(), token: "" });
    }
    if (session.syncedAt === undefined) session.toldDurable = this.#durable;
    if (acked) this.#say(session, { type: "ack", handle, number: acked.number, copies: 1, replicas: 1, needed: 1 });
  }

  #clock(): VectorClock {
    return VectorClock.of(this.#entries.slice(0, this.#durable).map(({ actor, counter }) => [actor, counter]));
  }

  #say(session: Session, message: RelayMessage): void {
    for (const frame of encodeRelayMessage(message)) session.send(frame);
  }
}
