/**
 * Relay: the pure core. It is told what happened and says what is to be done; it never asks, waits, reads a clock or
 * touches a disk. This file only routes: every input to the noun that knows what it means.
 *
 *     input ─▶ Relay ─▶ Connection ─▶ Session ─▶ Room ─▶ effects
 *                 │      decodes,      numbers,    admits, stamps, fans out, appends
 *                 │      counts        joins
 *                 ├───▶ RoomRequests (HTTP) ──────▶ Room
 *                 └───▶ Mesh   links to other relays, the members, the ring
 *
 * C1 `step` never throws for outside data; only `assert`, which marks a bug of ours, may throw.
 * C2 Same state, input, `now` and random stream give the same effects, byte for byte.
 * C3 Effects are performed in order; durability is promised only after `log-appended` came back.
 * C4 A send may be lost; the core is correct without delivery.
 * C5 Timers are data: the driver keeps one, for `nextDeadline()`. Deadlines are monotonic; wall time only stamps.
 * C6 Nothing here awaits: disk and heavy engine work are effects whose results come back as inputs.
 * C7 Every queue and table has a limit from `Limits` and a named outcome when it is reached.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import { giveAnswer, isAnswer } from "./answers.ts";
import type { ConnectionId, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { ToldRelay } from "@inkmesh/shared/wire/client-message";
import { Connection } from "./connection.ts";
import { copiesNeeded } from "./gossip/durable-copies.ts";
import type { MeshView } from "./peers/mesh-view.ts";
import type { Deadline } from "./deadlines.ts";
import { Departure } from "./departure.ts";
import type { RelayEffect } from "./effect.ts";
import type { RelayInput } from "./input.ts";
import { ReplicatedRooms } from "./gossip/replicated-rooms.ts";
import type { Upkeep } from "./gossip/room-catalogue.ts";
import { RoomListeners } from "./gossip/room-listeners.ts";
import { Reconsideration } from "./reconsideration.ts";
import { RelayContext, type RelayOptions } from "./relay-context.ts";
import { RoomRequests } from "./room-requests.ts";
import { Rooms } from "./rooms.ts";

/** Milliseconds between two groups of clients that are sent away: by a relay that ends, which should not take long, and by one that leaves. */
const stopStepMs = 200;
const drainStepMs = 1_000;
/** Milliseconds between quiet moments of a relay that leaves and has clients all the same, and how long one is. */
const quietEveryMs = 10_000;
const quietMs = 2_000;

/** How much there is of what, for metrics. */
export interface Census extends Upkeep {
  readonly connections: number;
  readonly sessions: number;
  readonly roomsInUse: number;
  readonly roomsIdle: number;
  readonly cacheBytes: number;
  /** Rooms with entries on their way to disk. */
  readonly appendsInFlight: number;
  /** Bytes of updates that are not on disk. */
  readonly waitingBytes: number;
  /** Messages that wait for a room to be loaded, and requests that wait for an answer. */
  readonly waitingMessages: number;
  readonly waitingMessageBytes: number;
  readonly waitingRequests: number;
  readonly deadlines: number;
}

export class Relay {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #replicas: ReplicatedRooms;
  readonly #requests: RoomRequests;
  readonly #connections = new Map<ConnectionId, Connection>();
  /** What welcomed clients know of the other relays. */
  #toldRelays: readonly ToldRelay[];
  readonly #departure = new Departure();
  readonly #reconsideration: Reconsideration;
  #isQuietAwaited = false;
  /** "waiting": for the disk, with the last group of clients. */
  #stopping: "no" | "sending-away" | "waiting" | "done" = "no";

  constructor(options: RelayOptions) {
    this.#context = new RelayContext(options);
    this.#toldRelays = this.#context.relays.told;
    this.#reconsideration = new Reconsideration(this.#context);
    this.#rooms = new Rooms(
      this.#context,
      (room) => this.#replicas.changed(room),
      (room) => this.#replicas.forget(room),
    );
    this.#replicas = new ReplicatedRooms(this.#context, this.#rooms);
    this.#requests = new RoomRequests(this.#context, this.#rooms, this.#replicas.lists);
    this.#context.mesh?.listen(new RoomListeners(this.#replicas, this.#context));
  }

  /** What is to be done about `input`, in order. Synchronous; total for any bytes. */
  step(input: RelayInput, now: Instant): readonly RelayEffect[] {
    this.#context.now = now;
    this.#route(input);
    return this.#context.takeEffects();
  }

  /** When `deadline-reached` is due, in monotonic ms; undefined when nothing waits for time to pass. */
  nextDeadline(): number | undefined {
    const meshMs = this.#context.mesh?.nextDeadline() ?? Number.POSITIVE_INFINITY;
    const earliest = Math.min(this.#context.deadlines.next() ?? Number.POSITIVE_INFINITY, meshMs);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  census(): Census {
    const connections = [...this.#connections.values()];
    const { inUse: roomsInUse, idle: roomsIdle, cacheBytes, appendsInFlight } = this.#rooms;
    return {
      ...{ connections: connections.length, sessions: this.#sessions(), roomsInUse, roomsIdle, cacheBytes, appendsInFlight },
      waitingBytes: this.#context.store.waitingBytes,
      waitingMessages: connections.reduce((sum, { waiting }) => sum + waiting, 0),
      waitingMessageBytes: connections.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
      waitingRequests: this.#requests.waiting,
      deadlines: this.#context.deadlines.size,
      ...this.#replicas.upkeep,
    };
  }

  /** Copies that a document has on the ring as it is now, and how many of them "saved" needs. */
  copies(): { readonly replicas: number; readonly needed: number } {
    const { choice, ring } = this.#context.placement;
    const replicas = Math.min(choice.replicas, ring.newest.members.length);
    return { replicas, needed: copiesNeeded(choice.level, replicas) };
  }

  /** This relay among the others; undefined for one without a mesh. */
  meshView(): MeshView | undefined {
    return this.#context.mesh?.view();
  }

  /** The latest stamp of this relay's clock, and how far those of another one were from the wall clock when they came, in ms. */
  stamps(): { readonly latest: Hlc; readonly offsetMs: (relay: RelayId) => number | undefined } {
    const { latestStamp, offsets } = this.#context;
    return { latest: latestStamp, offsetMs: (relay) => offsets.of(relay) };
  }

  /** The relays that the ring, as it is known here, names for a room: the owner first. */
  replicasOf(room: RoomName): readonly RelayId[] {
    return this.#context.placement.of(room).replicas;
  }

  #route(input: RelayInput): void {
    const context = this.#context;
    if (isAnswer(input)) return giveAnswer(context, input);
    switch (input.type) {
      case "connection-opened":
        return this.#connectionOpened(input);
      case "frame-received":
        return this.#hears(input.connection) ? this.#connections.get(input.connection)?.receive(input.bytes) : undefined;
      case "backlog-changed":
        return this.#connections.get(input.connection)?.backlogChanged(input.bytes);
      case "connection-closed":
        return this.#connections.get(input.connection)?.socketClosed();
      case "log-appended":
        return this.#appended(input);
      case "log-append-failed":
        return this.#appendFailed(input);
      case "reconsider-access":
        return this.#reconsideration.add(input);
      case "request-received":
        return this.#requestReceived(input);
      case "request-cancelled":
        return this.#requests.cancel(input.request);
      case "link-opened":
      case "link-received":
      case "link-taken":
      case "link-closed":
      case "dial-failed":
      case "forget-relay":
      case "event-loop-delay":
        return context.mesh?.receive(input, context.now.monotonicMs);
      case "deadline-reached":
        return this.#deadlinesReached();
      case "turn-ended":
        return this.#turnEnded();
      case "stop-requested":
        return this.#stopRequested();
      case "drain":
        return this.#drain();
      default:
        return unreachable(input);
    }
  }

  // -- connections -----------------------------------------------------------------------------------------------------

  #connectionOpened({ connection: id, dialect: name, room, principal }: RelayInput & { type: "connection-opened" }): void {
    const { limits } = this.#context;
    if (this.#stopping !== "no" || this.#departure.isQuiet) return this.#turnAway(id, { code: "RELAY_STOPPING", detail: "" });
    if (this.#connections.size >= limits.connectionsMax)
      return this.#turnAway(id, { code: "TOO_MANY_CONNECTIONS", detail: `limit ${limits.connectionsMax}` });
    const dialect = this.#context.dialect(name);
    if (dialect === undefined) return this.#turnAway(id, { code: "WRONG_VERSION", detail: `this relay does not speak ${name}` });
    const closed = (): void => void this.#connections.delete(id);
    const connection = new Connection({ id, dialect, principal, context: this.#context, rooms: this.#rooms, closed });
    this.#connections.set(id, connection);
    if (this.#context.placement.isLeaving) this.#awaitQuiet();
    if (!dialect.multiplexes) connection.openByPath(room);
  }

  #turnAway(connection: ConnectionId, refusal: Refusal): void {
    this.#context.report({ type: "refused", refusal, connection, room: undefined });
    this.#context.effect({ type: "close", connection, code: errorKind(refusal.code).closeCode ?? 1013, reason: refusal.code });
  }

  // -- the log ---------------------------------------------------------------------------------------------------------

  #appended({ lineage, seq }: RelayInput & { type: "log-appended" }): void {
    const failedBefore = this.#context.store.isFailing;
    const room = this.#rooms.find(lineage.room);
    if (room?.lineage.generation !== lineage.generation) return;
    room.appended(seq);
    if (failedBefore && !this.#context.store.isFailing) this.#context.report({ type: "store-full", full: false });
  }

  #appendFailed({ lineage, seq, refusal }: RelayInput & { type: "log-append-failed" }): void {
    const failedBefore = this.#context.store.isFailing;
    const room = this.#rooms.find(lineage.room);
    if (room?.lineage.generation !== lineage.generation) return;
    room.appendFailed(seq, refusal);
    if (!failedBefore && this.#context.store.isFailing) this.#context.report({ type: "store-full", full: true });
  }

  #requestReceived({ request, ask }: RelayInput & { type: "request-received" }): void {
    if (this.#stopping === "no") return this.#requests.receive(request, ask);
    this.#context.effect({ type: "respond", request, answer: { type: "refused", refusal: { code: "RELAY_STOPPING", detail: "" } } });
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  #deadlinesReached(): void {
    const { deadlines, now } = this.#context;
    for (let due = deadlines.take(now.monotonicMs); due !== undefined; due = deadlines.take(now.monotonicMs)) this.#reached(due);
    this.#context.mesh?.deadlineReached(now.monotonicMs);
  }

  #reached(deadline: Deadline): void {
    switch (deadline.type) {
      case "handshake":
        return this.#connections.get(deadline.connection)?.handshakeDue();
      case "keepalive":
        return this.#connections.get(deadline.connection)?.keepaliveDue();
      case "resume-reading":
        return this.#connections.get(deadline.connection)?.resumeDue();
      case "ask-access":
        return this.#connections.get(deadline.connection)?.admittance.credentialDue(deadline.channel);
      case "open-again":
        return this.#goesOn(deadline.connection)?.admittance.openAgainDue(deadline.channel);
      case "access-due":
        return this.#connections.get(deadline.connection)?.session(deadline.channel)?.access.due();
      case "reconsider":
        return this.#reconsideration.due(this.#connections.values());
      case "heal":
        return this.#connections.get(deadline.connection)?.session(deadline.channel)?.healDue();
      case "catch-up":
        return this.#connections.get(deadline.connection)?.session(deadline.channel)?.catchUpDue();
      case "retry-append":
        return this.#rooms.wake(deadline.room)?.log.retry();
      case "ask-of-tombstone":
        return this.#rooms.wake(deadline.room)?.life.askOfTombstone();
      case "replicate":
        return this.#rooms.wake(deadline.room)?.replication.expire();
      case "subscribe":
        return this.#rooms.wake(deadline.room)?.replication.upstream.due();
      case "show-room":
        return this.#rooms.wake(deadline.room)?.replication.freshness.giveUp();
      case "compare-rooms":
        return this.#replicas.compareDue();
      case "read-rooms":
        return this.#replicas.readDue();
      case "fetch-histories":
        return this.#context.histories.due();
      case "fetch-blobs":
        return this.#context.blobs.due();
      case "tell-clock":
        return this.#rooms.wake(deadline.room)?.tellClock();
      case "verify-tail":
        return this.#rooms.wake(deadline.room)?.compact();
      case "expire-presence":
        return this.#rooms.wake(deadline.room)?.presence.expire();
      case "tell-presence":
        return this.#rooms.wake(deadline.room)?.presence.tellPeers();
      case "tell-presence-count":
        return this.#rooms.wake(deadline.room)?.presence.tellCount();
      case "presence-look":
        return this.#replicas.neighbours.look();
      case "send-away":
        return this.#sendAway();
      case "quiet-moment":
        return this.#quietMoment();
      case "give-up":
        return this.#requests.giveUp(deadline.request);
      default:
        return unreachable(deadline);
    }
  }

  // -- the end of a turn, and of the relay -----------------------------------------------------------------------------

  #turnEnded(): void {
    this.#tellRelays();
    this.#rooms.endTurn();
    if (this.#stopping === "waiting" && this.#rooms.appendsInFlight === 0) this.#leave();
    this.#context.mesh?.endTurn(() => this.#sessions());
  }

  #sessions(): number {
    let sessions = 0;
    for (const connection of this.#connections.values()) sessions += connection.channels.size;
    return sessions;
  }

  #tellRelays(): void {
    const { told } = this.#context.relays;
    if (told === this.#toldRelays || this.#stopping !== "no") return;
    this.#toldRelays = told;
    for (const connection of this.#connections.values()) connection.tellRelays();
  }

  /** Whatever a client says after it was to go is not acknowledged, so its author keeps it. */
  #hears(connection: ConnectionId): boolean {
    return (this.#stopping === "no" || this.#stopping === "sending-away") && !this.#departure.isMuted(connection);
  }

  /** Who is not on its way elsewhere: something may begin for it. */
  readonly #goesOn = (id: ConnectionId) => (this.#stopping === "no" && this.#hears(id) ? this.#connections.get(id) : undefined);

  /** It leaves the ring, and goes on serving whoever comes to it all the same. */
  #drain(): void {
    const { mesh, placement, now } = this.#context;
    const { isPlaced } = placement;
    mesh?.receive({ type: "drain" }, now.monotonicMs);
    if (!isPlaced || placement.isPlaced || this.#stopping !== "no") return;
    this.#departure.begin([...this.#connections.keys()]);
    this.#sendAway();
  }

  /** Somebody came all the same. */
  #awaitQuiet(): void {
    if (this.#isQuietAwaited) return;
    this.#isQuietAwaited = true;
    const { deadlines, now } = this.#context;
    deadlines.set({ type: "quiet-moment" }, now.monotonicMs + quietEveryMs);
  }

  /** For a moment nothing is written here, so that everything can be proven elsewhere. */
  #quietMoment(): void {
    this.#isQuietAwaited = false;
    const { deadlines, now, placement } = this.#context;
    if (!placement.isLeaving || this.#stopping !== "no" || this.#connections.size === 0) return;
    if (!this.#departure.isOver) return this.#awaitQuiet();
    this.#departure.beginQuiet([...this.#connections.keys()]);
    this.#replicas.handOverNow();
    deadlines.set({ type: "send-away" }, now.monotonicMs + quietMs);
  }

  #stopRequested(): void {
    if (this.#stopping !== "no") return;
    this.#stopping = "sending-away";
    this.#departure.begin([...this.#connections.keys()]);
    this.#sendAway();
  }

  #sendAway(): void {
    const isStopping = this.#stopping === "sending-away";
    // The last ones go when the disk has everything.
    if (isStopping && this.#departure.groupsLeft <= 1) this.#stopping = "waiting";
    for (const connection of this.#departure.step()) this.#connections.get(connection)?.refuse({ code: "RELAY_STOPPING", detail: "" });
    const { deadlines, now } = this.#context;
    if (this.#stopping === "waiting" || this.#departure.isOver) return;
    deadlines.set({ type: "send-away" }, now.monotonicMs + (isStopping ? stopStepMs : drainStepMs));
  }

  #leave(): void {
    this.#stopping = "done";
    const code: ErrorCode = "RELAY_STOPPING";
    for (const connection of [...this.#connections.values()]) connection.refuse({ code, detail: "" });
    this.#rooms.endTurn();
    this.#context.mesh?.leave(this.#context.now.monotonicMs);
    this.#context.report({ type: "stopped" });
  }
}
