/**
 * [P2] [P3] [P6] [P10] Wire promises: reads every frame when a relay sends it, and looks at the platters at that moment.
 *
 * - An ack names updates that are on as many replicas' platters as it says, and visible: no ack without the syncs that cover it.
 * - A clock that a client may resume from, and a token's, names only entries on that relay's platter.
 * - A state vector in a handshake is an implicit ack: what it names is on that relay's platter.
 * - What is sent hangs only on what the client said it had, sent itself, or was sent before on this line.
 * - Nothing of a closed generation is sent.
 *
 * A line's first updates after it came up are judged by what the client said at `open`; a y-websocket client says it in
 * its SyncStep1, before which it is sent nothing but a SyncStep1.
 */
import * as Y from "yjs";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { decodeRoomPath } from "@inkmesh/shared/wire/room-name";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import type { SimLine, Tap } from "../sim-network.ts";
import { Finding } from "../world.ts";
import type { AuditLog, AuditedLineage } from "./audit-log.ts";
import type { Platters } from "./platters.ts";
import { contentOf, type Content } from "./content.ts";
import { KnownContent } from "./known-content.ts";
import { neededFor, type Placing } from "./rings.ts";
import { readYMessage } from "./y-message.ts";

/** One client in one room on one line. */
interface Session {
  readonly room: string;
  generation: number | undefined;
  handle: number | undefined;
  readonly known: KnownContent;
  readonly sent: Map<number, Content>;
  acked: number;
  chunks: Uint8Array[];
}

export interface WirePromisesOptions {
  readonly platters: Platters;
  /** The platter of the relay at the other end of a line. */
  readonly auditOf: (line: SimLine) => AuditLog;
  /** Where that relay believes that rooms belong, at this moment. */
  readonly placingsOf: (line: SimLine) => readonly Placing[];
  /** Lines of clients that are not honest are not promised anything. */
  readonly isHonest: (line: SimLine) => boolean;
  /** An edit was called saved. */
  readonly saved: (lineage: Lineage, content: Content, placings: readonly Placing[]) => void;
}

export class WirePromises implements Tap {
  readonly #options: WirePromisesOptions;
  readonly #sessions = new WeakMap<SimLine, Map<number, Session>>();
  acks = 0;
  clocks = 0;

  constructor(options: WirePromisesOptions) {
    this.#options = options;
  }

  toRelay(line: SimLine, bytes: Uint8Array): void {
    if (!this.#options.isHonest(line)) return;
    const dialect = isYLine(line) ? yWebsocketDialect : nativeDialect;
    const messages = dialect.decode(bytes);
    if (messages.ok) for (const message of messages.value) this.#clientSaid(line, message);
  }

  fromRelay(line: SimLine, bytes: Uint8Array): void {
    if (!this.#options.isHonest(line)) return;
    if (isYLine(line)) return this.#yRelaySaid(line, bytes);
    const messages = decodeRelayMessages(bytes);
    if (!messages.ok) throw new Finding("the relay's words can be read", `line ${line.number}: ${messages.refusal.detail}`);
    for (const message of messages.value) this.#relaySaid(line, message);
  }

  // -- what clients say ------------------------------------------------------------------------------------------------

  #clientSaid(line: SimLine, message: ClientMessage): void {
    switch (message.type) {
      case "open":
        this.#of(line).set(message.channel, newSession(message.room, message.stateVector));
        return;
      case "sync-request":
        this.#session(line, message.channel)?.known.addStateVector(message.stateVector);
        return;
      case "updates": {
        const session = this.#session(line, message.channel);
        for (const [index, update] of message.updates.entries()) {
          if (message.first !== undefined) session?.sent.set(message.first + index, contentOf(update));
          session?.known.addSent(update);
        }
        return;
      }
      case "close":
        this.#of(line).delete(message.channel);
        return;
      default:
    }
  }

  /** By channel; a y-websocket line has one session. */
  #session(line: SimLine, channel: number): Session | undefined {
    const sessions = this.#of(line);
    if (isYLine(line) && !sessions.has(0)) sessions.set(0, newSession(roomOf(line), Uint8Array.of(0)));
    return sessions.get(isYLine(line) ? 0 : channel);
  }

  #of(line: SimLine): Map<number, Session> {
    const sessions = this.#sessions.get(line) ?? new Map<number, Session>();
    this.#sessions.set(line, sessions);
    return sessions;
  }

  // -- what the relay says ---------------------------------------------------------------------------------------------

  #relaySaid(line: SimLine, message: RelayMessage): void {
    if (message.type === "opened") return this.#opened(line, message);
    if (!("handle" in message)) return;
    const session = [...this.#of(line).values()].find(({ handle }) => handle === message.handle);
    if (session === undefined) return;
    switch (message.type) {
      case "updates":
        return message.updates.forEach((update) => this.#delivered(line, session, update));
      case "chunk":
        return this.#chunk(line, session, message);
      case "synced":
      case "clock":
        return this.#clockPromised(line, session, message.clock);
      case "ack":
        return this.#acked(line, session, message);
      default:
    }
  }

  #opened(line: SimLine, message: RelayMessage & { type: "opened" }): void {
    const session = this.#of(line).get(message.channel);
    if (session === undefined) return;
    session.handle = message.handle;
    session.generation = message.generation;
    this.#stateVectorPromised(line, session, message.stateVector);
  }

  #chunk(line: SimLine, session: Session, { bytes, remaining }: RelayMessage & { type: "chunk" }): void {
    session.chunks.push(bytes);
    if (remaining > 0) return;
    this.#delivered(line, session, Uint8Array.from(session.chunks.flatMap((chunk) => [...chunk])));
    session.chunks = [];
  }

  /** What it names is on so many copies; where those are enough, it is over with it. */
  #acked(line: SimLine, session: Session, ack: RelayMessage & { type: "ack" }): void {
    const { number, copies, needed } = ack;
    const lineage = this.#lineage(line, session);
    const placings = this.#options.placingsOf(line).filter((placing) => this.#isOf(placing, lineage, ack));
    if (placings.length === 0)
      throw new Finding(
        "acks count the ring's replicas",
        `line ${line.number} to ${line.host}: ${ack.needed} of ${ack.replicas} are enough, which is of no ring that it knows`,
      );
    for (let at = session.acked + 1; at <= number; at++) {
      const content = session.sent.get(at);
      if (content === undefined) throw new Finding("acks name what was sent", `line ${line.number} was acked number ${at}`);
      // Nothing is everywhere, also where nobody has used the room yet.
      if (content.structs.length + content.deletes.length === 0) continue;
      const held = Math.max(...placings.map((placing) => this.#options.platters.copies(lineage, content, placing).length));
      if (held < copies)
        throw new Finding(
          "acked means on disk",
          `line ${line.number} to ${line.host}, ${lineage.room}/${lineage.generation}: number ${at} was acked on ${copies}, and a reader of the disk would see it on ${held}`,
        );
    }
    if (copies < needed) return;
    for (; session.acked < number; session.acked++) {
      this.acks += 1;
      this.#options.saved(lineage, session.sent.get(session.acked + 1)!, placings);
      session.sent.delete(session.acked + 1);
    }
  }

  /** Whether the ack counts as that ring does: so many replicas, and as many copies that are enough. */
  #isOf(placing: Placing, { room }: Lineage, { replicas, needed }: RelayMessage & { type: "ack" }): boolean {
    return placing.replicasOf(room).length === replicas && neededFor(placing, room) === needed;
  }

  #clockPromised(line: SimLine, session: Session, clock: VectorClock): void {
    this.clocks += 1;
    const missing = this.#audited(line, session).lacks(clock);
    if (missing !== undefined) throw new Finding("clocks name what is on disk", `line ${line.number} to ${line.host} was told ${missing}`);
  }

  #stateVectorPromised(line: SimLine, session: Session, stateVector: Uint8Array): void {
    const { doc } = this.#audited(line, session);
    for (const [client, clock] of Y.decodeStateVector(stateVector))
      if (Y.getState(doc.store, client) < clock)
        throw new Finding(
          "state vectors name what is on disk",
          `line ${line.number} in ${session.room}/${session.generation} was told client ${client} at ${clock}, on disk is ${Y.getState(doc.store, client)}`,
        );
  }

  #delivered(line: SimLine, session: Session, update: Uint8Array): void {
    const { room, generation } = this.#lineage(line, session);
    if (this.#options.auditOf(line).isClosed({ room, generation }))
      throw new Finding("gone means gone", `line ${line.number} was sent content of generation ${generation}, which is closed`);
    const missing = session.known.missingFor(update);
    if (missing !== undefined) throw new Finding("causal order", `line ${line.number} was sent what hangs on ${missing}`);
    session.known.addUpdate(update);
  }

  // -- y-websocket -----------------------------------------------------------------------------------------------------

  #yRelaySaid(line: SimLine, bytes: Uint8Array): void {
    const session = this.#session(line, 0)!;
    const message = readYMessage(bytes);
    if (message === undefined) throw new Finding("one message per frame", `line ${line.number}: ${bytes.length} bytes`);
    if (message.type === "step-1") this.#stateVectorPromised(line, session, message.body);
    if (message.type === "step-2" || message.type === "update") this.#delivered(line, session, message.body);
  }

  #audited(line: SimLine, session: Session): AuditedLineage {
    return this.#options.auditOf(line).of(this.#lineage(line, session));
  }

  #lineage(line: SimLine, { room, generation }: Session): Lineage {
    return { room: room as RoomName, generation: generation ?? this.#options.auditOf(line).generation(room) };
  }
}

function isYLine(line: SimLine): boolean {
  return line.path.startsWith("/y/");
}

function roomOf(line: SimLine): string {
  const name = decodeRoomPath(line.path.slice("/y/".length));
  return name.ok ? name.value : "";
}

function newSession(room: string, stateVector: Uint8Array): Session {
  const known = new KnownContent();
  known.addStateVector(stateVector);
  return { room, generation: undefined, handle: undefined, known, sent: new Map(), acked: 0, chunks: [] };
}
