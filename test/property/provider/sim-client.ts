/**
 * SimClient: a ClientCore with a document, a device store and a line that a test cuts and delays as it likes.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import * as Y from "yjs";
import { ClientCore } from "../../../client/provider/core/client-core.ts";
import type { ClientEffect } from "../../../client/provider/core/client-effect.ts";
import type { ClientInput } from "../../../client/provider/core/client-input.ts";
import { defaultClientLimits } from "../../../client/provider/core/client-limits.ts";
import { wantedDifference } from "../../../client/provider/wanted-difference.ts";
import type { CopyChange } from "../../../client/provider/offline-store.ts";
import { StoredRoom } from "../../../client/provider/stored-room.ts";
import type { ModelRelay } from "./model-relay.ts";

const room = "r" as RoomName;
let sockets = 0;

export class SimClient {
  readonly name: string;
  readonly #relay: ModelRelay;
  readonly #random: Random;
  readonly #now: () => number;
  /** The device's disk: survives a reload. */
  #disk = new StoredRoom(room);
  #core!: ClientCore;
  #doc!: Y.Doc;
  #line: { readonly id: number; readonly socket: number; readonly toRelay: Uint8Array[]; readonly toClient: Uint8Array[] } | undefined;
  #life = 0;
  #typed = 0;
  #number = 0;
  /** Tokens that were called saved. */
  readonly saved: string[] = [];
  readonly typed: string[] = [];
  #tokens = new Map<number, string>();

  constructor(options: { name: string; relay: ModelRelay; random: Random; now: () => number }) {
    this.name = options.name;
    this.#relay = options.relay;
    this.#random = options.random;
    this.#now = options.now;
    this.reload();
  }

  get text(): string {
    return this.#doc.getText("t").toString();
  }

  get waiting(): number {
    return this.#core.room(room)?.waiting ?? 0;
  }

  get isLive(): boolean {
    return this.#core.room(room)?.session === "live";
  }

  get hasFrames(): boolean {
    return this.#line !== undefined && this.#line.toRelay.length + this.#line.toClient.length > 0;
  }

  diskText(): string {
    const { updates, outbox } = this.#disk.copy();
    const doc = new Y.Doc();
    for (const bytes of [...updates, ...outbox.map((entry) => entry.bytes)]) Y.applyUpdate(doc, bytes);
    return doc.getText("t").toString();
  }

  /** The page is closed and opened again: only the disk is left. */
  reload(): void {
    this.cut();
    this.#life += 1;
    this.#core = new ClientCore({
      ...{ agent: "sim", credential: "", relays: ["ws://a.test/sync"], readAddress: (told: string) => told },
      ...{ random: this.#random, limits: defaultClientLimits },
    });
    this.#doc = new Y.Doc();
    const { updates, outbox, generation, clock, token = "" } = this.#disk.copy();
    Y.transact(this.#doc, () =>
      [...updates, ...outbox.map((entry) => entry.bytes)].forEach((bytes) => Y.applyUpdate(this.#doc, bytes, this)),
    );
    this.#step({ type: "room-opened", room, access: "read-write" });
    this.#step({ type: "room-loaded", room, generation, clock, token, entries: outbox });
  }

  type(): void {
    const token = `<${this.name}${(this.#typed += 1)}>`;
    const text = this.#doc.getText("t");
    const updates: Uint8Array[] = [];
    const note = (update: Uint8Array): void => void updates.push(update);
    this.#doc.on("update", note);
    // Between tokens, never inside one: at a token's beginning.
    const places = [...text.toString().matchAll(/</g)].map((match) => match.index);
    text.insert([...places, text.length][Math.floor(this.#random.fraction() * (places.length + 1))] ?? 0, token);
    this.#doc.off("update", note);
    this.typed.push(token);
    const entries = updates.map((bytes) => ({ tab: `${this.name}${this.#life}`, number: (this.#number += 1), createdMs: 1, bytes }));
    for (const entry of entries) this.#tokens.set(entry.number, token);
    this.#write({ type: "edits", entries });
    this.#step({ type: "edited", room, entries });
  }

  cut(): void {
    const line = this.#line;
    if (!line) return;
    this.#line = undefined;
    this.#relay.disconnect(line.id);
    this.#step({ type: "socket-closed", socket: line.socket, code: 1006 });
  }

  /** The relay crashed: it forgot this line by itself. */
  deliverToRelay(): void {
    const frame = this.#line?.toRelay.shift();
    if (frame && this.#line) this.#relay.receive(this.#line.id, frame);
  }

  deliverToClient(): void {
    const frame = this.#line?.toClient.shift();
    if (frame && this.#line) this.#step({ type: "frame-received", socket: this.#line.socket, bytes: frame });
  }

  keepDeadlines(): void {
    const due = this.#core.nextDeadline();
    if (due !== undefined && due <= this.#now()) this.#step({ type: "deadline-reached" });
  }

  #step(...inputs: ClientInput[]): void {
    const queue: ClientInput[] = [...inputs, { type: "turn-ended" }];
    const now = { monotonicMs: this.#now(), wallMs: this.#now() };
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      for (const effect of this.#core.step(input, now)) {
        const answer = this.#perform(effect);
        if (answer) queue.unshift(answer);
      }
    }
  }

  #perform(effect: ClientEffect): ClientInput | undefined {
    switch (effect.type) {
      case "connect": {
        const line = { id: (sockets += 1), socket: effect.socket, toRelay: [], toClient: [] as Uint8Array[] };
        this.#line = line;
        this.#relay.connect(line.id, (frame) => line.toClient.push(frame));
        return { type: "socket-opened", socket: effect.socket };
      }
      case "send":
        this.#line?.toRelay.push(effect.frame);
        return undefined;
      case "disconnect":
        if (this.#line) this.#relay.disconnect(this.#line.id);
        this.#line = undefined;
        return undefined;
      case "read-state":
        return { type: "state-read", room, stateVector: Y.encodeStateVector(this.#doc) };
      case "make-difference": {
        const update = wantedDifference(this.#doc, effect, { elsewhere: [], isComparable: true });
        return { type: "difference-made", room, containing: effect.containing, update };
      }
      case "apply-remote":
        this.#write({ type: "updates", updates: effect.updates });
        Y.transact(this.#doc, () => effect.updates.forEach((update) => Y.applyUpdate(this.#doc, update, this)));
        return undefined;
      case "clock-reached":
        this.#write({ type: "clock", generation: effect.generation, clock: effect.clock, token: effect.token });
        return undefined;
      case "saved":
        for (const entry of effect.entries) this.saved.push(this.#tokens.get(entry.number) ?? "");
        this.#write({ type: "saved", entries: effect.entries });
        return undefined;
      case "set-aside":
        throw new Error(`an edit was set aside: ${effect.refusal.code} ${effect.refusal.detail}`);
      default:
        return undefined;
    }
  }

  #write(change: CopyChange): void {
    this.#disk.apply([change], this.#now());
  }
}
