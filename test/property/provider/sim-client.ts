/**
 * SimClient: a ClientCore with a document, a device store and a line that a test cuts and delays as it likes.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import { ClientCore } from "../../../client/provider/core/client-core.ts";
import type { ClientEffect } from "../../../client/provider/core/client-effect.ts";
import type { ClientInput } from "../../../client/provider/core/client-input.ts";
import { defaultClientLimits } from "../../../client/provider/core/client-limits.ts";
import type { CopyChange } from "../../../client/provider/offline-store.ts";
import { StoredRoom } from "../../../client/provider/stored-room.ts";
import type { ModelRelay } from "./model-relay.ts";
import { newDocument, textOf, type SimDocument } from "./sim-document.ts";

let sockets = 0;

export class SimClient {
  readonly name: string;
  readonly #room: RoomName;
  readonly #relay: ModelRelay;
  readonly #random: Random;
  readonly #now: () => number;
  /** The device's disk: survives a reload. */
  #disk: StoredRoom;
  #core!: ClientCore;
  #document!: SimDocument;
  #line: { readonly id: number; readonly socket: number; readonly toRelay: Uint8Array[]; readonly toClient: Uint8Array[] } | undefined;
  #life = 0;
  #typed = 0;
  #number = 0;
  /** Tokens that were called saved. */
  readonly saved: string[] = [];
  readonly typed: string[] = [];
  #tokens = new Map<number, string>();
  #made: Uint8Array[] = [];

  constructor(options: { name: string; room: RoomName; relay: ModelRelay; random: Random; now: () => number }) {
    this.name = options.name;
    this.#room = options.room;
    this.#disk = new StoredRoom(options.room);
    this.#relay = options.relay;
    this.#random = options.random;
    this.#now = options.now;
    this.reload();
  }

  get text(): string {
    return this.#document.text;
  }

  /** As hex digits. */
  get stateVector(): string {
    return hexOf(this.#document.shared.stateVector());
  }

  get waiting(): number {
    return this.#core.room(this.#room)?.waiting ?? 0;
  }

  get isLive(): boolean {
    return this.#core.room(this.#room)?.session === "live";
  }

  get hasFrames(): boolean {
    return this.#line !== undefined && this.#line.toRelay.length + this.#line.toClient.length > 0;
  }

  diskText(): string {
    const { updates, outbox } = this.#disk.copy();
    return textOf(engineOf(this.#room), [...updates, ...outbox.map((entry) => entry.bytes)]);
  }

  /** The page is closed and opened again: only the disk is left. */
  reload(): void {
    this.cut();
    this.#life += 1;
    this.#core = new ClientCore({
      ...{ agent: "sim", credential: "", relays: ["ws://a.test/sync"], readAddress: (told: string) => told },
      ...{ random: this.#random, limits: defaultClientLimits },
    });
    const document = newDocument(engineOf(this.#room));
    this.#document = document;
    const { updates, outbox, generation, clock, token = "" } = this.#disk.copy();
    const stored = [...updates, ...outbox.map((entry) => entry.bytes)];
    document.shared.apply(stored.map((update) => ({ update, source: "device" })));
    document.shared.watch((update) => this.#made.push(update));
    this.#step({ type: "room-opened", room: this.#room, access: "read-write" });
    this.#step({ type: "room-loaded", room: this.#room, generation, clock, token, entries: outbox });
    this.#made.push(...document.shared.givenBeyond(stored));
    this.#keep("");
  }

  type(): void {
    const token = `<${this.name}${(this.#typed += 1)}>`;
    const { text } = this.#document;
    // Between tokens, never inside one: at a token's beginning.
    const places = [...text.matchAll(/</g)].map((match) => match.index);
    this.#document.insert([...places, text.length][Math.floor(this.#random.fraction() * (places.length + 1))] ?? 0, token);
    this.typed.push(token);
    this.#keep(token);
  }

  /** What was made here, as entries on the disk, and to be sent. */
  #keep(token: string): void {
    const entries = this.#made
      .splice(0)
      .map((bytes) => ({ tab: `${this.name}${this.#life}`, number: (this.#number += 1), createdMs: 1, bytes }));
    if (entries.length === 0) return;
    for (const entry of entries) this.#tokens.set(entry.number, token);
    this.#write({ type: "edits", entries });
    this.#step({ type: "edited", room: this.#room, entries });
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
        return { type: "state-read", room: this.#room, stateVector: this.#document.shared.stateVector() };
      case "make-difference": {
        const updates = this.#document.shared.wantedDifference(effect, { elsewhere: [], refused: [], isComparable: true });
        return { type: "difference-made", room: this.#room, containing: effect.containing, updates };
      }
      case "apply-remote":
        this.#write({ type: "updates", updates: effect.updates });
        this.#document.shared.apply(effect.updates.map((update) => ({ update, source: "relay" })));
        return undefined;
      case "clock-reached":
        this.#write({ type: "clock", generation: effect.generation, clock: effect.clock, token: effect.token });
        return undefined;
      case "saved":
        for (const entry of effect.entries) this.saved.push(...this.#tokenOf(entry.number));
        this.#write({ type: "saved", entries: effect.entries });
        return undefined;
      case "set-aside":
        throw new Error(`an edit was set aside: ${effect.refusal.code} ${effect.refusal.detail}`);
      default:
        return undefined;
    }
  }

  #tokenOf(number: number): readonly string[] {
    const token = this.#tokens.get(number) ?? "";
    return token === "" ? [] : [token];
  }

  #write(change: CopyChange): void {
    this.#disk.apply([change], this.#now());
  }
}
