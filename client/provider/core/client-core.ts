/**
 * ClientCore: everything that a client decides, without sockets, timers or documents: one line to a relay and the
 * sessions of many rooms on it.
 *
 *                 ┌───────────── a person's switch ─────────────┐
 *      away ◀─────┤                                             │
 *                 │   due      socket-opened        welcome     │
 *      waiting ───┴▶ connecting ────────▶ greeting ───────▶ online
 *         ▲             │ too long          │ refused           │ silent, closed, unreadable
 *         └─────────────┴───────────────────┴───────────────────┘
 *
 * Rules (those of the relay's core): C1 `step` never throws for outside data · C2 same inputs, same effects · C3 effects
 * are performed in order · C4 a send may be lost · C5 timers are data, monotonic time only · C6 nothing awaits · C7 what
 * is bounded has a name in `ClientLimits`. What a turn says leaves at `turn-ended`, in as few frames as possible.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import type { Random } from "@inkmesh/shared/base/random";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages, type SpokenMessage } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { ClientEffect } from "./client-effect.ts";
import type { ClientInput } from "./client-input.ts";
import type { ClientLimits } from "./client-limits.ts";
import { LineProblem } from "./line-problem.ts";
import { lineDeadline, type LineState } from "./line-state.ts";
import type { Line } from "./line.ts";
import { Liveness } from "./liveness.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import { RelayChoice, type AddressReader } from "./relay-choice.ts";
import type { MeshStatus, SessionView } from "./room-status.ts";
import { SyncSession } from "./sync-session.ts";

/** What an `updates` message adds to its updates, at most. */
const messageOverheadBytes = 64;

interface ClientCoreOptions {
  readonly agent: string;
  readonly credential: string;
  /** Addresses of relays, at least one, and how to read those that a relay tells. */
  readonly relays: readonly string[];
  readonly readAddress: AddressReader;
  readonly random: Random;
  readonly limits: ClientLimits;
}

export class ClientCore {
  readonly #limits: ClientLimits;
  readonly #random: Random;
  readonly #agent: string;
  readonly #credential: string;
  readonly #choice: RelayChoice;
  readonly #sessions = new Map<RoomName, SyncSession>();
  #state: LineState = { type: "waiting", untilMs: 0 };
  readonly #problem: LineProblem;
  #roundTripMs: number | undefined;
  #sockets = 0;
  #channels = 0;
  #nonces = 0;
  #effects: ClientEffect[] = [];
  #said: ClientMessage[] = [];
  #line: Line;

  constructor(options: ClientCoreOptions) {
    const { relays: given, readAddress, random, limits } = options;
    this.#limits = limits;
    this.#random = random;
    this.#agent = options.agent;
    this.#credential = options.credential;
    this.#choice = new RelayChoice({ given, readAddress, random, limits });
    this.#problem = new LineProblem(options.limits);
    this.#line = this.#newLine(options.limits.frameBytesMax, options.limits.frameBytesMax);
  }

  step(input: ClientInput, now: Instant): readonly ClientEffect[] {
    this.#route(input, now.monotonicMs);
    this.#tendLine(now.monotonicMs);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** In monotonic ms; undefined: nothing to wait for. */
  nextDeadline(): number | undefined {
    let earliest = lineDeadline(this.#state);
    for (const session of this.#sessions.values()) {
      const deadline = session.nextDeadline();
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  get status(): MeshStatus {
    const state = this.#state;
    const { refusal, outdated } = this.#problem;
    const isTrying = state.type === "connecting" || state.type === "greeting" || (state.type === "waiting" && this.#choice.isGoingOn);
    return {
      connection: state.type === "online" ? "online" : isTrying ? "connecting" : "offline",
      workingOffline: state.type === "away",
      ...(state.type === "online" ? { relay: state.relay, url: this.#choice.address } : {}),
      ...(state.type === "online" && this.#roundTripMs !== undefined ? { roundTripMs: this.#roundTripMs } : {}),
      ...(refusal === undefined ? {} : { problem: refusal }),
      ...(outdated === undefined ? {} : { outdated }),
      ...(state.type === "waiting" ? { retryAtMs: state.untilMs } : {}),
    };
  }

  /** Undefined for a room that is not open. */
  room(room: RoomName): SessionView | undefined {
    return this.#sessions.get(room)?.view;
  }

  waiting(room: RoomName): readonly OutboxEntry[] {
    return this.#sessions.get(room)?.entries ?? [];
  }

  /** Whether one of a tab's edits of this room, up to a number, is not saved yet. */
  isWaiting(room: RoomName, tab: string, upTo: number): boolean {
    return this.#sessions.get(room)?.isWaiting(tab, upTo) ?? false;
  }

  #route(input: ClientInput, nowMs: number): void {
    const line = this.#online;
    const session = "room" in input ? this.#sessions.get(input.room) : undefined;
    switch (input.type) {
      case "room-opened":
        this.#sessions.set(input.room, new SyncSession({ room: input.room, access: input.access, limits: this.#limits }));
        return;
      case "room-loaded":
        session?.loaded(input);
        if (this.#isCutOff) session?.cutOff(nowMs);
        return;
      case "room-closed":
        session?.close(line);
        this.#sessions.delete(input.room);
        return;
      case "edited":
        return session?.edited(input.entries, line);
      case "adopted":
        return session?.adopted(input.entries, input.leftBehind, line);
      case "edits-held":
        return session?.editsHeld(input.held, line);
      case "settled-elsewhere":
        return session?.settledElsewhere(input.keys, line);
      case "state-read":
        return line && session?.stateRead(input.stateVector, line);
      case "difference-made":
        return line && session?.differenceMade(input, nowMs, line);
      case "generation-told":
        return session?.generationTold(input.generation);
      case "store-emptied":
        return session?.storeEmptied(line);
      case "presence-changed":
        return line && session?.presenceChanged(input.bytes, line);
      case "relays-remembered":
        return this.#choice.remembered(input.addresses);
      case "work-offline":
        return this.#workOffline(input.offline, nowMs);
      case "network-changed":
        return this.#networkChanged(nowMs);
      case "socket-opened":
        return this.#socketOpened(input.socket, nowMs);
      case "frame-received":
        return this.#frameReceived(input.socket, input.bytes, nowMs);
      case "socket-closed":
        return input.socket === this.#socket ? this.#lineLost(input.code, nowMs) : undefined;
      case "deadline-reached":
        return this.#deadlineReached(nowMs);
      case "turn-ended":
        return this.#flush(nowMs);
      default:
        return unreachable(input);
    }
  }

  // The line.

  /** Undefined while nothing can be said but `hello`. */
  get #online(): Line | undefined {
    return this.#state.type === "online" ? this.#line : undefined;
  }

  /** Whether there is no line for a reason: a person's wish, or an attempt that failed. */
  get #isCutOff(): boolean {
    return this.#state.type === "away" || (this.#state.type !== "online" && this.#choice.hasFailed);
  }

  get #isGreeting(): boolean {
    return this.#state.type === "greeting";
  }

  get #socket(): number | undefined {
    return "socket" in this.#state ? this.#state.socket : undefined;
  }

  #newLine(frameBytesMax: number, updateBytesMax: number): Line {
    return {
      say: (message) => void this.#said.push(message),
      want: (effect) => void this.#effects.push(effect),
      newChannel: () => (this.#channels = (this.#channels % 0x7fff_fffe) + 1),
      frameBytesMax,
      updatesBytesMax: frameBytesMax - messageOverheadBytes,
      updateBytesMax,
    };
  }

  #connect(nowMs: number): void {
    const socket = ++this.#sockets;
    const address = this.#choice.next(nowMs);
    this.#state = { type: "connecting", socket, deadlineMs: nowMs + this.#choice.patienceMs(nowMs) };
    this.#effects.push({ type: "connect", socket, address });
  }

  #socketOpened(socket: number, nowMs: number): void {
    if (this.#state.type !== "connecting" || this.#state.socket !== socket) return;
    this.#state = { type: "greeting", socket, deadlineMs: nowMs + this.#choice.patienceMs(nowMs) };
    this.#said.push({ type: "hello", version: nativeVersion, agent: this.#agent, credential: this.#credential });
  }

  #welcomed(message: Extract<RelayMessage, { type: "welcome" }>, nowMs: number): void {
    // Said again later it brings newer addresses, and nothing else.
    this.#choice.told(message.relays);
    this.#effects.push({ type: "keep-relays", addresses: this.#choice.others });
    if (this.#state.type !== "greeting") return;
    const { socket } = this.#state;
    this.#line = this.#newLine(message.frameBytesMax, message.updateBytesMax);
    this.#problem.clear();
    const liveness = new Liveness({ limits: this.#limits, random: this.#random, nowMs });
    this.#state = { type: "online", relay: message.relay, socket, liveness };
    this.#ping(Infinity, nowMs);
  }

  /** `code`: why the socket closed; 1006 when nobody said. */
  #lineLost(code: number, nowMs: number): void {
    this.#said = [];
    this.#roundTripMs = undefined;
    for (const session of this.#sessions.values()) {
      if (session.cutOff(nowMs)) this.#effects.push({ type: "presence-lost", room: session.room });
    }
    if (!this.#choice.isTold) this.#effects.push({ type: "recall-relays" });
    const floorMs = this.#problem.closed(code, this.#isGreeting);
    this.#state = { type: "waiting", untilMs: nowMs + this.#choice.failed(floorMs, nowMs) };
  }

  /** We end the line ourselves. */
  #dropLine(code: number, nowMs: number): void {
    if (this.#socket !== undefined) this.#effects.push({ type: "disconnect", socket: this.#socket, code });
    this.#lineLost(1006, nowMs);
  }

  #workOffline(offline: boolean, nowMs: number): void {
    if (offline === (this.#state.type === "away")) return;
    if (offline) {
      this.#flush(nowMs);
      if (this.#socket !== undefined) this.#dropLine(1000, nowMs);
      this.#problem.clear();
      this.#state = { type: "away" };
    } else {
      this.#choice.reset();
      this.#connect(nowMs);
    }
  }

  #networkChanged(nowMs: number): void {
    if (this.#state.type === "online") this.#ping(this.#limits.probeMs, nowMs);
    if (this.#state.type !== "waiting") return;
    this.#choice.reset();
    this.#connect(nowMs);
  }

  #ping(patienceMs: number, nowMs: number): void {
    if (this.#state.type !== "online") return;
    this.#nonces += 1;
    this.#state.liveness.pinged(this.#nonces, patienceMs, nowMs);
    this.#said.push({ type: "ping", nonce: this.#nonces });
  }

  #deadlineReached(nowMs: number): void {
    const state = this.#state;
    if (state.type === "waiting" && state.untilMs <= nowMs) this.#connect(nowMs);
    else if ((state.type === "connecting" || state.type === "greeting") && state.deadlineMs <= nowMs) this.#dropLine(4000, nowMs);
    else if (state.type === "online") this.#lookWhetherItLives(state.liveness, nowMs);
    for (const session of this.#sessions.values()) session.deadlineReached(nowMs, this.#online);
  }

  #lookWhetherItLives(liveness: Liveness, nowMs: number): void {
    const found = liveness.look(nowMs);
    if (found === "dead") this.#dropLine(4000, nowMs);
    else if (found === "ping") this.#ping(Infinity, nowMs);
  }

  #flush(nowMs: number): void {
    if (this.#said.length === 0 || this.#socket === undefined) return;
    const said = this.#said;
    this.#said = [];
    const frameBytesMax = Math.min(this.#limits.frameBytesMax, this.#line.frameBytesMax);
    for (const frame of encodeClientMessages(said, frameBytesMax)) {
      this.#effects.push({ type: "send", socket: this.#socket, frame });
      if (this.#state.type === "online") this.#state.liveness.sent(frame.length, nowMs);
    }
  }

  #tendLine(nowMs: number): void {
    if (this.#state.type !== "online") return;
    let isArriving = false;
    for (const session of this.#sessions.values()) {
      session.attach(this.#line);
      isArriving ||= session.isArriving;
    }
    this.#state.liveness.isHurried = !isArriving && this.#choice.hasAnother(nowMs);
  }

  // What the relay says.

  #frameReceived(socket: number, bytes: Uint8Array, nowMs: number): void {
    if (socket !== this.#socket) return;
    if (this.#state.type === "online") this.#state.liveness.heard(nowMs);
    const messages = decodeRelayMessages(bytes);
    if (!messages.ok) {
      this.#problem.unreadable(messages.refusal, this.#isGreeting);
      return this.#dropLine(4000, nowMs);
    }
    for (const message of messages.value) {
      if (socket !== this.#socket) return;
      this.#heard(message, nowMs);
    }
  }

  #heard(message: SpokenMessage, nowMs: number): void {
    const line = this.#online;
    if (message.type === "welcome") return this.#welcomed(message, nowMs);
    if (message.type === "error" && message.channel === undefined) return this.#problem.refused(message, this.#isGreeting);
    if (!line) return;
    switch (message.type) {
      case "opened":
        return this.#byChannel(message.channel)?.opened(message, nowMs, line);
      case "updates":
        return this.#byHandle(message.handle)?.updates(message.updates, line);
      case "chunk":
        if (this.#byHandle(message.handle)?.chunk(message, line) === false) this.#dropLine(4000, nowMs);
        return;
      case "synced":
        this.#choice.reached();
        this.#problem.clear();
        return this.#byHandle(message.handle)?.synced(message, line);
      case "clock":
        return this.#byHandle(message.handle)?.clockReached(message, line);
      case "behind":
        return this.#byHandle(message.handle)?.behind(message, line);
      case "ack":
        return this.#byHandle(message.handle)?.acked(message, line);
      case "nack":
        return this.#byHandle(message.handle)?.nacked(message, nowMs, line);
      case "error":
        return this.#channelRefused(message, nowMs, line);
      case "deleted":
        return this.#byChannel(message.channel)?.deleted(message, nowMs, line);
      case "presence":
      case "presence-count":
        return this.#presence(message, line);
      case "pong":
        return this.#pong(message.nonce, nowMs);
      case "keepalive":
        return;
      default:
        return unreachable(message);
    }
  }

  #channelRefused({ channel, code, detail, retryAfterMs }: Extract<RelayMessage, { type: "error" }>, nowMs: number, line: Line): void {
    if (channel !== undefined) this.#byChannel(channel)?.refused({ code, detail }, retryAfterMs, nowMs, line);
  }

  #presence(message: Extract<RelayMessage, { type: "presence" | "presence-count" }>, line: Line): void {
    const room = this.#byHandle(message.handle)?.room;
    if (room && message.type === "presence") line.want({ type: "apply-presence", room, bytes: message.bytes });
    if (room && message.type === "presence-count") line.want({ type: "presence-counted", room, present: message.present });
  }

  #pong(nonce: number, nowMs: number): void {
    const roundTripMs = this.#state.type === "online" ? this.#state.liveness.ponged(nonce, nowMs) : undefined;
    if (roundTripMs === undefined) return;
    this.#roundTripMs = roundTripMs;
    if (this.#sessions.size === 0) this.#choice.reached();
  }

  #byChannel(channel: number): SyncSession | undefined {
    return [...this.#sessions.values()].find((session) => session.channel === channel);
  }

  #byHandle(handle: number): SyncSession | undefined {
    return [...this.#sessions.values()].find((session) => session.handle === handle);
  }
}
