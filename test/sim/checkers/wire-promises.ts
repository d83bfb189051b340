/**
 * [P2] [P3] [P6] [P10] Wire promises: reads every frame when a relay sends it, and looks at the platters at that moment.
 *
 * - An ack names updates that are on as many replicas' platters as it says, and visible: no ack without the syncs that cover it.
 * - A clock that a client may resume from, and a token's, names only entries on that relay's platter.
 * - A state vector in a handshake is an implicit ack: what it names is on that relay's platter.
 * - What is sent hangs only on what the client said it had, sent itself, or was sent before on this line (Yjs).
 * - Nothing of a closed generation is sent.
 * - A Hocuspocus client is told "one more is saved" no more often than it counted since it asked last, and when it has been told so of
 *   all that it counted, all of that is saved: which of them it was told of, nobody says.
 *
 * A line's first updates after it came up are judged by what the client said at `open`; a y-websocket client says it in
 * its SyncStep1, before which it is sent nothing but a SyncStep1, and so does a Hocuspocus client for each of its documents.
 */
import * as Y from "yjs";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
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
import { AutomergeCopy, headsOf } from "./automerge-copy.ts";
import { contentOf, isNothing, type Content } from "./content.ts";
import { KnownContent } from "./known-content.ts";
import type { Placing } from "./rings.ts";
import { ToldDurability } from "./told-durability.ts";
import { readAddressedMessage, readYMessage, type YMessage } from "./y-message.ts";

/** One client in one room on one line. */
interface Session {
  readonly room: string;
  generation: number | undefined;
  handle: number | undefined;
  /** Undefined: what Automerge's changes hang on is not followed here. */
  readonly known: KnownContent | undefined;
  readonly sent: Map<number, Content>;
  acked: number;
  chunks: Uint8Array[];
  /** How much a Hocuspocus client has counted since it asked last, how often it was told of one, and what of it was not all told of yet. */
  counted: number;
  confirmed: number;
  unsettled: Content[];
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
  /** By channel, or by what a Hocuspocus client calls the document; a y-websocket line has one. */
  readonly #sessions = new WeakMap<SimLine, Map<number | string, Session>>();
  acks = 0;
  clocks = 0;
  /** How often a Hocuspocus client had been told of all that it counted. */
  settled = 0;

  constructor(options: WirePromisesOptions) {
    this.#options = options;
  }

  toRelay(line: SimLine, bytes: Uint8Array): void {
    if (!this.#options.isHonest(line)) return;
    if (isHocuspocusLine(line)) return this.#hocuspocusClientSaid(line, bytes);
    const dialect = isYLine(line) ? yWebsocketDialect : nativeDialect;
    const messages = dialect.decode(bytes);
    if (messages.ok) for (const message of messages.value) this.#clientSaid(line, message);
  }

  fromRelay(line: SimLine, bytes: Uint8Array): void {
    if (!this.#options.isHonest(line)) return;
    if (isYLine(line)) return this.#yRelaySaid(line, this.#session(line, 0)!, readYMessage(bytes));
    if (isHocuspocusLine(line)) return this.#hocuspocusRelaySaid(line, bytes);
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
        this.#session(line, message.channel)?.known?.addStateVector(message.stateVector);
        return;
      case "updates": {
        const session = this.#session(line, message.channel);
        for (const [index, update] of message.updates.entries()) {
          if (message.first !== undefined) session?.sent.set(message.first + index, contentOf(update));
          session?.known?.addSent(update);
        }
        return;
      }
      case "close":
        this.#of(line).delete(message.channel);
        return;
      default:
    }
  }

  #session(line: SimLine, channel: number): Session | undefined {
    const sessions = this.#of(line);
    if (isYLine(line) && !sessions.has(0)) sessions.set(0, newSession(roomOf(line), Uint8Array.of(0)));
    return sessions.get(isYLine(line) ? 0 : channel);
  }

  #of(line: SimLine): Map<number | string, Session> {
    const sessions = this.#sessions.get(line) ?? new Map<number | string, Session>();
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
    const who = `line ${line.number} to ${line.host}`;
    const { platters, placingsOf } = this.#options;
    const told = new ToldDurability({ platters, who, lineage, told: ack, known: placingsOf(line) });
    for (let at = session.acked + 1; at <= number; at++) {
      const content = session.sent.get(at);
      if (content === undefined) throw new Finding("acks name what was sent", `line ${line.number} was acked number ${at}`);
      told.mustHold(content, `number ${at}`);
    }
    if (copies < needed) return;
    for (; session.acked < number; session.acked++) {
      this.acks += 1;
      this.#options.saved(lineage, session.sent.get(session.acked + 1)!, told.placings);
      session.sent.delete(session.acked + 1);
    }
  }

  #clockPromised(line: SimLine, session: Session, clock: VectorClock): void {
    this.clocks += 1;
    const missing = this.#audited(line, session).lacks(clock);
    if (missing !== undefined) throw new Finding("clocks name what is on disk", `line ${line.number} to ${line.host} was told ${missing}`);
  }

  #stateVectorPromised(line: SimLine, session: Session, stateVector: Uint8Array): void {
    const { doc } = this.#audited(line, session);
    if (doc instanceof AutomergeCopy) return mustHaveHeads(doc, line, session, stateVector);
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
    const missing = session.known?.missingFor(update);
    if (missing !== undefined) throw new Finding("causal order", `line ${line.number} was sent what hangs on ${missing}`);
    session.known?.addUpdate(update);
  }

  // -- y-websocket -----------------------------------------------------------------------------------------------------

  #yRelaySaid(line: SimLine, session: Session, message: YMessage | undefined): void {
    if (message === undefined) throw new Finding("one message per frame", `line ${line.number}: something else`);
    if (message.type === "step-1") this.#stateVectorPromised(line, session, message.body);
    if (message.type === "step-2" || message.type === "update") this.#delivered(line, session, message.body);
  }

  // -- Hocuspocus ------------------------------------------------------------------------------------------------------

  #hocuspocusClientSaid(line: SimLine, bytes: Uint8Array): void {
    const said = readAddressedMessage(bytes);
    if (said === undefined) return;
    const session = this.#ofAddress(line, said.address);
    const { message } = said;
    if (message.type === "step-1") {
      session.known?.addStateVector(message.body);
      // One is counted for the state that it will be asked for, however often that is.
      Object.assign(session, { counted: 1, confirmed: 0, unsettled: [] });
    }
    if (message.type === "update") session.counted += 1;
    if (message.type !== "step-2" && message.type !== "update") return;
    session.known?.addSent(message.body);
    session.unsettled.push(contentOf(message.body));
  }

  #hocuspocusRelaySaid(line: SimLine, bytes: Uint8Array): void {
    const said = readAddressedMessage(bytes);
    if (said === undefined) return;
    const session = this.#ofAddress(line, said.address);
    if (said.message.type === "saved") this.#confirmed(line, session);
    else this.#yRelaySaid(line, session, said.message);
  }

  #confirmed(line: SimLine, session: Session): void {
    session.confirmed += 1;
    const { counted, confirmed, unsettled } = session;
    const who = `line ${line.number} to ${line.host}`;
    if (confirmed > counted) throw new Finding("acks name what was sent", `${who} counted ${counted} and was told of ${confirmed}`);
    if (confirmed < counted) return;
    const lineage = this.#lineage(line, session);
    const contents = unsettled.filter((content) => !isNothing(content));
    const missing = contents.filter((content) => !this.#options.platters.isSaved(lineage, content));
    if (missing.length > 0)
      throw new Finding("acked means on disk", `${who} was told that all is saved, and ${missing.length} of ${contents.length} are not`);
    this.settled += 1;
    for (const content of contents) this.#options.saved(lineage, content, this.#options.placingsOf(line));
    session.unsettled = [];
  }

  #ofAddress(line: SimLine, address: string): Session {
    const sessions = this.#of(line);
    const session = sessions.get(address) ?? newSession(address.split("\0", 1)[0]!, Uint8Array.of(0));
    sessions.set(address, session);
    return session;
  }

  #audited(line: SimLine, session: Session): AuditedLineage {
    return this.#options.auditOf(line).of(this.#lineage(line, session));
  }

  #lineage(line: SimLine, { room, generation }: Session): Lineage {
    return { room: room as RoomName, generation: generation ?? this.#options.auditOf(line).generation(room) };
  }
}

function mustHaveHeads(doc: AutomergeCopy, line: SimLine, { room, generation }: Session, stateVector: Uint8Array): void {
  const missing = headsOf(stateVector).find((head) => !doc.has([head]));
  if (missing !== undefined)
    throw new Finding(
      "state vectors name what is on disk",
      `line ${line.number} in ${room}/${generation} was told the head ${missing}, which is not on disk`,
    );
}

function isHocuspocusLine(line: SimLine): boolean {
  return line.path === "/hocuspocus";
}

function isYLine(line: SimLine): boolean {
  return line.path.startsWith("/y/");
}

function roomOf(line: SimLine): string {
  const name = decodeRoomPath(line.path.slice("/y/".length));
  return name.ok ? name.value : "";
}

function newSession(room: string, stateVector: Uint8Array): Session {
  const known = engineOf(room as RoomName) === "yjs" ? new KnownContent() : undefined;
  known?.addStateVector(stateVector);
  return {
    room,
    generation: undefined,
    handle: undefined,
    known,
    sent: new Map(),
    acked: 0,
    chunks: [],
    counted: 0,
    confirmed: 0,
    unsettled: [],
  };
}
