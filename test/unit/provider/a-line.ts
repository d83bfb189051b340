/**
 * A line for the tests of the client's core: it plays the relay with messages, and writes down what the core says.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { decodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import { ClientCore } from "../../../client/provider/core/client-core.ts";
import type { ClientEffect } from "../../../client/provider/core/client-effect.ts";
import type { ClientInput } from "../../../client/provider/core/client-input.ts";
import { defaultClientLimits, type ClientLimits } from "../../../client/provider/core/client-limits.ts";
import type { OutboxEntry } from "../../../client/provider/core/outbox-entry.ts";

export const aRoom = "notes" as RoomName;
export const aStateVector = Uint8Array.of(0);

export class ALine {
  readonly core: ClientCore;
  nowMs = 0;
  socket = 0;
  /** Where it was connected to last. */
  address = "";
  /** What the core said since it was last looked at. */
  said: ClientMessage[] = [];
  effects: ClientEffect[] = [];
  /** What `make-difference` is answered with. */
  difference: Uint8Array | undefined;
  /** The same in pieces. */
  pieces: readonly Uint8Array[] | undefined;
  /** Whether the document cannot show what the difference is to contain; "later" gives no answer. */
  cannotShow: boolean | "later" = false;

  constructor(limits: Partial<ClientLimits> = {}, relays: readonly string[] = ["ws://a.test/sync"]) {
    this.core = new ClientCore({
      ...{ agent: "test", credential: "", relays, readAddress: (told: string) => told },
      ...{ random: seededRandom(1), limits: { ...defaultClientLimits, ...limits } },
    });
  }

  /** One turn; answers what `read-state` and `make-difference` ask. */
  tell(...inputs: ClientInput[]): void {
    const queue = [...inputs, { type: "turn-ended" } as const];
    for (let input: ClientInput | undefined = queue.shift(); input !== undefined; input = queue.shift()) {
      for (const effect of this.core.step(input, { monotonicMs: this.nowMs, wallMs: this.nowMs })) {
        this.effects.push(effect);
        if (effect.type === "connect") [this.socket, this.address] = [effect.socket, effect.address];
        if (effect.type === "send") this.#read(effect.frame);
        if (effect.type === "read-state") queue.unshift({ type: "state-read", room: effect.room, stateVector: aStateVector });
        if (effect.type === "make-difference") {
          const cannotShow = effect.containing !== undefined && this.cannotShow;
          if (cannotShow === "later") continue;
          const isAny = effect.unless === undefined || this.difference !== undefined;
          const whole = this.pieces ?? [this.difference ?? Uint8Array.of(0, 0)];
          const updates = isAny && !cannotShow ? whole : [];
          queue.unshift({ type: "difference-made", room: effect.room, containing: effect.containing, updates });
        }
      }
    }
  }

  hear(...messages: RelayMessage[]): void {
    for (const message of messages) {
      for (const bytes of encodeRelayMessage(message)) this.tell({ type: "frame-received", socket: this.socket, bytes });
    }
  }

  /** Time passes, and every deadline in it is kept. */
  wait(ms: number): void {
    const end = this.nowMs + ms;
    for (let due = this.core.nextDeadline(); due !== undefined && due <= end; due = this.core.nextDeadline()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.tell({ type: "deadline-reached" });
    }
    this.nowMs = end;
  }

  /** The socket opens, and the relay there tells of others. */
  connect(relays: readonly string[] = []): void {
    this.wait(0);
    this.tell({ type: "socket-opened", socket: this.socket });
    this.hearWelcome(relays);
  }

  hearWelcome(relays: readonly string[]): void {
    this.hear({
      type: "welcome",
      version: 1,
      relay: "a",
      frameBytesMax: 1_000_000,
      updateBytesMax: 10_000,
      keepaliveMs: 20_000,
      relays: relays.map((address) => ({ address, load: 0 })),
    });
  }

  open(entries: readonly OutboxEntry[] = []): void {
    this.tell(
      { type: "room-opened", room: aRoom, access: "read-write" },
      { type: "room-loaded", room: aRoom, generation: undefined, clock: VectorClock.empty, token: "", entries },
    );
  }

  hearOpened(fields: Partial<Extract<RelayMessage, { type: "opened" }>> = {}): void {
    const open = this.said.findLast((message) => message.type === "open");
    const channel = open?.type === "open" ? open.channel : 0;
    this.hear({
      type: "opened",
      channel,
      handle: 7,
      generation: 0,
      access: "read-write",
      replicas: 1,
      needed: 1,
      stateVector: aStateVector,
      ...fields,
    });
  }

  hearSynced(clock = VectorClock.empty, content?: string): void {
    this.hear({ type: "synced", handle: 7, clock, token: "token", ...(content === undefined ? {} : { content }) });
  }

  hearAck(number: number, fields: { copies?: number; replicas?: number; needed?: number } = {}): void {
    this.hear({ type: "ack", handle: 7, number, copies: 1, replicas: 1, needed: 1, ...fields });
  }

  /** What was said since the last time, without pings. */
  take(): readonly ClientMessage[] {
    const said = this.said.filter((message) => message.type !== "ping");
    this.said = [];
    return said;
  }

  takeEffects<Type extends ClientEffect["type"]>(type: Type): readonly Extract<ClientEffect, { type: Type }>[] {
    const found = this.effects.filter((effect) => effect.type === type) as Extract<ClientEffect, { type: Type }>[];
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return found;
  }

  #read(frame: Uint8Array): void {
    const messages = decodeClientMessages(frame);
    if (!messages.ok) throw new Error(messages.refusal.detail);
    this.said.push(...messages.value);
  }
}

/** A line with one open and synced room. */
export function aLiveLine(entries: readonly OutboxEntry[] = [], limits: Partial<ClientLimits> = {}): ALine {
  const line = new ALine(limits);
  line.open(entries);
  line.connect();
  line.hearOpened();
  line.hearSynced();
  line.take();
  line.effects = [];
  return line;
}
