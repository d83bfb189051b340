/**
 * ClientSockets: all client sockets of a relay by their connection's number, and the door through which they come.
 *
 * Compression is off: a deflated frame must be inflated before its size is known, and a CRDT's updates are small already.
 * Fragments and chunks are limited so that a message cannot cost more than its bytes.
 *
 * Invariants: a connection's number is never reused within a process; effects for a number that is gone are ignored.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { errorKind } from "@inkmesh/shared/base/errors";
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { DialectName } from "@inkmesh/shared/wire/dialect";
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws";
import type { Limits } from "../core/limits.ts";
import type { RelayInput } from "../core/input.ts";
import { ClientSocket } from "./client-socket.ts";
import type { EdgeObserver } from "./edge-observer.ts";
import { SocketWriter } from "./socket-writer.ts";
import { visitorOf, type Visitor } from "./visitor.ts";

/** Browsers cut a large message into fragments of some 10 KB or more. */
const fragmentsMax = 4_096;
/** TCP segments of 1.4 KB make 12,000 chunks of 16 MiB. */
const chunksMax = 32_768;

interface ClientSocketsOptions {
  readonly limits: Pick<Limits, "frameBytesMax" | "backlogSheddingBytes" | "backlogBytesMax">;
  readonly pingMs: number;
  readonly closeMs: number;
  readonly enqueue: (input: RelayInput) => void;
  readonly observer: EdgeObserver;
}

/** What a path asked for. */
export interface SocketRoute {
  readonly dialect: DialectName;
  /** The room that the path names; empty when it names none that may be; undefined where messages name rooms. */
  readonly room: string | undefined;
}

export class ClientSockets {
  readonly #options: ClientSocketsOptions;
  readonly #server: WebSocketServer;
  readonly #sockets = new Map<ConnectionId, ClientSocket>();
  readonly #liveness: NodeJS.Timeout;
  #drained: (() => void)[] = [];
  #lastConnection = 0;

  constructor(options: ClientSocketsOptions) {
    this.#options = options;
    // @types/ws does not know the last three yet.
    const serverOptions: ServerOptions & { maxFragments: number; maxBufferedChunks: number; closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.limits.frameBytesMax,
      maxFragments: fragmentsMax,
      maxBufferedChunks: chunksMax,
      closeTimeout: options.closeMs,
    };
    this.#server = new WebSocketServer(serverOptions);
    this.#liveness = setInterval(() => this.#checkLiveness(), options.pingMs).unref();
  }

  /** Makes a client's socket of an upgrade request that may come in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, route: SocketRoute): void {
    const visitor = visitorOf(request);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, socket, { route, visitor }));
  }

  /** Makes a socket of an upgrade request that may not come in, and closes it: for clients that bear no other answer. */
  sendAway(request: IncomingMessage, socket: Duplex, head: Buffer, { code }: Refusal): void {
    this.#options.observer.refusedAtTheDoor(code);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => webSocket.close(errorKind(code).closeCode ?? 1013, code));
  }

  /** Who is at the other end; undefined: nobody any more. */
  visitor(connection: ConnectionId): Visitor | undefined {
    return this.#sockets.get(connection)?.visitor;
  }

  /** What a turn has for each socket, as lists of messages; a list that goes to many is the same array. One write per socket. */
  write(turn: ReadonlyMap<ConnectionId, readonly (readonly Uint8Array[])[]>): void {
    const writer = new SocketWriter();
    for (const [connection, lists] of turn) this.#sockets.get(connection)?.write(writer, lists);
  }

  close(connection: ConnectionId, code: number, reason: string): void {
    this.#sockets.get(connection)?.close(code, reason);
  }

  pauseReading(connection: ConnectionId, paused: boolean): void {
    this.#sockets.get(connection)?.pauseReading(paused);
  }

  /** Resolves when no socket is left. */
  drained(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Cuts every socket that is still there. */
  terminateAll(): void {
    clearInterval(this.#liveness);
    for (const socket of this.#sockets.values()) socket.terminate();
  }

  #opened(webSocket: WebSocket, socket: Duplex, { route, visitor }: { route: SocketRoute; visitor: Visitor }): void {
    const { limits, enqueue, observer } = this.#options;
    const connection = ++this.#lastConnection as ConnectionId;
    const marks = [limits.backlogSheddingBytes, limits.backlogBytesMax];
    enqueue({ type: "connection-opened", connection, dialect: route.dialect, room: route.room, principal: "" });
    const closed = (): void => this.#closed(connection);
    this.#sockets.set(connection, new ClientSocket({ connection, visitor, webSocket, socket, marks, enqueue, observer, closed }));
  }

  #closed(connection: ConnectionId): void {
    this.#sockets.delete(connection);
    if (this.#sockets.size === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  #checkLiveness(): void {
    for (const socket of this.#sockets.values()) socket.checkLiveness();
  }
}
