/**
 * Connection: one client socket.
 *
 *     greeting ──first valid message──▶ ready ──refused, stopped, socket gone──▶ closed
 *        └──handshakeMs──▶ closed
 *
 * Native clients say `hello` first and then open rooms by channel; Yjs clients named their one room in the path. Frames
 * are decoded by the dialect, counted against the client's rate, and handed to the session of their channel.
 *
 * Invariants: C1, nothing that comes in throws; after `closed` nothing is sent or handled; a refused channel leaves the
 * others alone; a client over its rate is not read for a while and loses nothing.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { behindSince, countSince, speaksNative, wrongVersionDetail } from "@inkmesh/shared/wire/protocol-version";
import { Admittance } from "./admittance.ts";
import type { ChannelTable } from "./channel-table.ts";
import { Keepalive } from "./keepalive.ts";
import { joinBytesMax, JoinedPeer } from "./joined-peer.ts";
import type { Line } from "./line.ts";
import { OpenDocuments } from "./open-documents.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Rooms } from "./rooms.ts";
import type { Admission } from "./session-access.ts";
import { Session } from "./session.ts";
import { nameIn, type Opening, type SessionMessage } from "./session-message.ts";
import { SocketLoad } from "./socket-load.ts";
import { welcomeOf } from "./welcome.ts";

/** Of a document of which no more than "there is none" can be said, and that is believed: what will be so when it is asked for again, too. */
const settled: ReadonlySet<ErrorCode> = new Set(["NOT_ALLOWED", "ROOM_DELETED", "BAD_ROOM_NAME", "OTHER_ENGINE"]);

interface ConnectionOptions {
  readonly id: ConnectionId;
  readonly dialect: Dialect;
  readonly principal: string;
  readonly context: RelayContext;
  readonly rooms: Rooms;
  /** Called once, when the core is done with it. */
  readonly closed: () => void;
}

export class Connection implements Line {
  readonly id: ConnectionId;
  readonly principal: string;
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #closed: () => void;
  readonly #documents: OpenDocuments;
  readonly #admittance: Admittance;
  readonly #load: SocketLoad;
  #state: "greeting" | "ready" | "closed" = "greeting";
  /** Once the client has said who it is, as it speaks to that one. */
  #dialect: Dialect;
  /** Who has joined, in dialects in which clients say that. */
  readonly #peer: JoinedPeer;
  /** Of our own protocol, as its `hello` said; undefined before, and in other dialects. */
  #version: number | undefined;
  readonly #keepalive: Keepalive;

  constructor(options: ConnectionOptions) {
    const { context, id } = options;
    this.id = id;
    this.#dialect = options.dialect;
    this.principal = options.principal;
    this.#context = context;
    this.#rooms = options.rooms;
    this.#closed = options.closed;
    this.#documents = new OpenDocuments(context.limits, options.dialect);
    this.#admittance = new Admittance({
      ...{ context, connection: id, dialect: this.dialect, awaited: this.#documents.awaited },
      begin: (name, opening, how) => this.#begin(name, opening, how),
      letGo: (session) => this.#documents.channels.letGo(session),
      refuse: (opening, refusal) => this.#refuseChannel(opening, refusal),
    });
    this.#load = new SocketLoad(context, id);
    this.#peer = new JoinedPeer(context.joined, context.asksAccess ? undefined : options.principal, (refusal) => this.refuse(refusal));
    context.deadlines.set({ type: "handshake", connection: id }, context.now.monotonicMs + context.limits.handshakeMs);
    this.#keepalive = new Keepalive(context, id);
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  get wantedHeads(): ReadonlySet<string> {
    return this.#peer.wantedHeads;
  }

  get channels(): Pick<ChannelTable, "size" | "sessions"> {
    return this.#documents.channels;
  }

  /** Those, too, that their client has let go of. */
  get allSessions(): readonly Session[] {
    return this.#documents.channels.all();
  }

  get waiting(): number {
    return this.#documents.waiting;
  }

  get waitingBytes(): number {
    return this.#documents.waitingBytes;
  }

  get hearsBehind(): boolean {
    return this.#version !== undefined && this.#version >= behindSince;
  }

  get hearsCount(): boolean {
    return this.#version !== undefined && this.#version >= countSince;
  }

  get isCongested(): boolean {
    return this.#load.isCongested;
  }

  get isOwedTooMuch(): boolean {
    return this.#load.isOwedTooMuch;
  }

  session(channel: number): Session | undefined {
    return this.#documents.channels.session(channel);
  }

  /** The room that the path named, for dialects with one room per socket. */
  openByPath(path: string | undefined): void {
    const nothing = { generation: undefined, clock: undefined, token: "", stateVector: noBytes };
    this.#attach(path ?? "", { channel: 0, access: "read-write", ...nothing });
  }

  // -- what comes in ---------------------------------------------------------------------------------------------------

  receive(frame: Uint8Array): void {
    if (this.#state === "closed") return;
    const isToJoin = this.#state === "greeting" && this.dialect.joins;
    const frameBytesMax = isToJoin ? joinBytesMax : this.#context.limits.frameBytesMax;
    if (frame.length > frameBytesMax)
      return this.refuse({ code: "FRAME_TOO_BIG", detail: `a frame of ${frame.length} bytes, limit ${frameBytesMax}` });
    const decoded = this.dialect.decode(frame, this.#documents.names);
    if (!decoded.ok) return this.refuse(decoded.refusal);
    this.#load.received(frame.length, decoded.value);
    for (const message of decoded.value) {
      this.#handle(message);
      if (this.#isClosed()) return;
    }
  }

  /** What still waits in the socket's buffer. */
  backlogChanged(bytes: number): void {
    if (this.#state === "closed") return;
    const change = this.#load.backlogChanged(bytes);
    if (change === "too-slow") return this.refuse({ code: "CLIENT_SLOW", detail: `${bytes} bytes unsent` });
    if (change === "relieved") for (const session of this.#documents.channels.sessions()) session.relieved();
  }

  /** The socket is gone. */
  socketClosed(): void {
    this.#end();
  }

  #handle(message: ClientMessage): void {
    const { type } = message;
    if (this.dialect.carriesLineage && this.#saidHello === (type === "hello")) {
      return this.refuse({ code: "OUT_OF_ORDER", detail: type === "hello" ? "hello said twice" : `${type} before hello` });
    }
    if (type === "hello") return this.#greet(message);
    if (type === "join") return this.#join(message);
    if (this.#state === "greeting") this.#getReady();
    switch (type) {
      case "open":
        return this.#open(message);
      case "credential":
        return this.#show(message);
      case "close":
        this.#admittance.letGo(message.channel);
        return this.#documents.channels.letGo(this.#documents.channels.remove(message.channel));
      case "heads-wanted":
        return this.#documents.channels.sessions().forEach(this.#peer.wants(message));
      case "ping":
        return this.send({ type: "pong", nonce: message.nonce });
      case "sync-request":
      case "updates":
      case "presence":
      case "presence-query":
      case "stateless":
      case "sync":
        return this.#forward(message);
      default:
        return unreachable(message);
    }
  }

  #greet(hello: ClientMessage & { type: "hello" }): void {
    if (!speaksNative(hello.version)) {
      return this.refuse({ code: "WRONG_VERSION", detail: wrongVersionDetail(hello.version) });
    }
    this.#version = hello.version;
    this.#admittance.showForAll(hello.credential);
    this.#getReady();
    this.send(welcomeOf(this.#context));
  }

  #join({ peer, isUnderstood }: ClientMessage & { type: "join" }): void {
    this.#dialect = this.dialect.addressed(`\0${peer}`);
    if (!isUnderstood) return this.refuse({ code: "WRONG_VERSION", detail: "no version that this relay speaks" });
    this.#peer.join(peer);
    this.#getReady();
    this.send({ type: "joined" });
  }

  /** Where a client may go on has changed: who was welcomed is welcomed again, for the sake of the list. */
  tellRelays(): void {
    if (this.#saidHello && this.#state === "ready") this.send(welcomeOf(this.#context));
  }

  #getReady(): void {
    this.#state = "ready";
    this.#context.deadlines.clear({ type: "handshake", connection: this.id });
  }

  #open(message: ClientMessage & { type: "open" }): void {
    const { channel, room } = message;
    if (!this.dialect.multiplexes) return this.refuse({ code: "OUT_OF_ORDER", detail: "the path names the document" });
    if (this.#documents.channels.session(channel) !== undefined || this.#documents.awaited.has(channel))
      return this.refuse({ code: "OUT_OF_ORDER", detail: `channel ${channel} is open` });
    // Where each session has a name of its own, there may be several in one document.
    if (this.dialect.carriesLineage && this.#documents.has(room))
      return this.refuse({ code: "OUT_OF_ORDER", detail: "the document is open on another channel" });
    if (this.#documents.isFull) return this.#refuseChannel(message, { code: "TOO_MANY_ROOMS", detail: `limit ${this.#documents.max}` });
    // Opening and closing one room over and over would have its state encoded each time, all within one frame.
    if (this.isOwedTooMuch) return this.#refuseChannel(message, { code: "RATE_LIMITED", detail: "states that were not read yet" });
    this.#attach(room, message);
  }

  #attach(text: string, opening: Opening): void {
    const name = nameIn(text, this.dialect);
    if (!name.ok) return this.#refuseChannel(opening, name.refusal);
    this.#admittance.open(name.value, opening);
  }

  #show({ channel, credential }: ClientMessage & { type: "credential" }): void {
    this.#documents.channels.session(channel)?.access.shown(credential);
    this.#admittance.show(channel, credential);
  }

  #begin(name: RoomName, opening: Opening, { admission, isLetGo }: { admission: Admission | undefined; isLetGo: boolean }): Session {
    const room = this.#rooms.use(name);
    const session = new Session({ context: this.#context, line: this, room, opening, admission });
    if (!isLetGo) {
      this.#documents.channels.add(opening.channel, session);
      session.access.begin();
    }
    return session;
  }

  /** A channel that the relay ended may still be spoken to for a while; one that never was may not. */
  #forward(message: SessionMessage): void {
    const session = this.#documents.channels.session(message.channel);
    if (session !== undefined) return session.receive(message);
    const held = this.#documents.awaited.hold(message);
    if (held?.type === "overflow")
      return this.#refuseChannel(held.opening, { code: "RELAY_BUSY", detail: "too much before it was clear who may" });
    if (held === undefined && !this.#documents.channels.wasEnded(message.channel))
      this.refuse({ code: "OUT_OF_ORDER", detail: `channel ${message.channel} is not open` });
  }

  // -- what goes out ---------------------------------------------------------------------------------------------------

  send(message: RelayMessage): void {
    this.sendFrames(this.dialect.encode(message));
  }

  sendFrames(frames: readonly Uint8Array[]): void {
    if (this.#state === "closed" || frames.length === 0) return;
    this.#context.effect({ type: "send", to: [this.id], frames });
    this.noteSent();
  }

  sendState(frames: readonly Uint8Array[]): void {
    this.#load.allow(frames);
    this.sendFrames(frames);
  }

  noteSent(): void {
    this.#keepalive.sent();
  }

  charge(bytes: number): void {
    this.#load.charge(bytes);
  }

  holdForStore(isHeld: boolean): void {
    if (this.#state !== "closed") this.#load.holdForStore(isHeld);
  }

  // -- deadlines -------------------------------------------------------------------------------------------------------

  handshakeDue(): void {
    this.refuse({ code: "HANDSHAKE_TIMEOUT", detail: "" });
  }

  /** A sign of life is said in a document, where nothing can be said outside of one. */
  keepaliveDue(): void {
    this.#load.forgive();
    if (!this.#keepalive.isDue()) return;
    const [session] = this.#documents.channels.sessions();
    this.sendFrames((session?.dialect ?? this.dialect).encode({ type: "keepalive" }));
  }

  get admittance(): Pick<Admittance, "credentialDue" | "openAgainDue"> {
    return this.#admittance;
  }

  resumeDue(): void {
    this.#load.resumeDue();
  }

  // -- the end ---------------------------------------------------------------------------------------------------------

  refuse(refusal: Refusal): void {
    if (this.#state === "closed") return;
    const { code, detail } = refusal;
    const { closeCode, retryAfterMs } = errorKind(code);
    this.#context.report({ type: "refused", refusal, connection: this.id, room: undefined });
    this.send({ type: "error", channel: undefined, code, retryAfterMs: retryAfterMs ?? 0, detail });
    this.#end();
    this.#context.effect({ type: "close", connection: this.id, code: closeCode ?? 1011, reason: code });
  }

  endChannel(channel: number, last: RelayMessage, refusal: Refusal): void {
    const session = this.#documents.channels.session(channel);
    this.#endChannel(channel, (session?.dialect ?? this.dialect).encode(last), refusal, session?.room.name);
  }

  postpone(opening: Opening, said: readonly SessionMessage[], refusal: Refusal): boolean {
    const session = this.#documents.channels.session(opening.channel);
    if (session === undefined || !this.#documents.servesBeside(session)) return false;
    if (!this.#admittance.postpone(session, opening, said, refusal)) {
      this.#refuseChannel(opening, { code: "RELAY_BUSY", detail: "too much in documents that cannot be read" });
      return true;
    }
    // One line a document, not one a try.
    if (opening.tries === undefined) this.#context.report({ type: "refused", refusal, connection: this.id, room: session.room.name });
    this.#documents.channels.remove(opening.channel);
    session.end();
    return true;
  }

  #refuseChannel({ channel, address = "" }: Pick<Opening, "channel" | "address">, refusal: Refusal): void {
    const { code, detail } = refusal;
    const last = { type: "error", channel, code, retryAfterMs: errorKind(code).retryAfterMs ?? 0, detail } as const;
    this.#endChannel(channel, this.dialect.addressed(address).encode(last), refusal, undefined);
  }

  #endChannel(channel: number, last: readonly Uint8Array[], refusal: Refusal, room: RoomName | undefined): void {
    // Who cannot say when to try again would not: such a client comes back only with its whole connection.
    const { carriesLineage, letsGo } = this.dialect;
    const comesBackAlone = carriesLineage || (letsGo ? !errorKind(refusal.code).retryable : settled.has(refusal.code));
    if (!this.dialect.multiplexes || !comesBackAlone) return this.refuse(refusal);
    this.#context.report({ type: "refused", refusal, connection: this.id, room });
    this.sendFrames(last);
    this.#documents.names.end(channel);
    this.#documents.channels.endByRelay(channel)?.end();
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const { deadlines } = this.#context;
    for (const type of ["handshake", "keepalive", "resume-reading"] as const) deadlines.clear({ type, connection: this.id });
    for (const session of this.#documents.channels.clear()) session.end();
    this.#peer.end();
    this.#admittance.end();
    this.#closed();
  }

  get #saidHello(): boolean {
    return this.#version !== undefined;
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}
