/**
 * ClientSocket: one client's WebSocket, from the upgrade to its end.
 *
 * It says what comes in as inputs for the core, and does what the core's effects ask of a socket. Reading is ws' own;
 * writing goes past ws to the socket beneath it, whole frames at a time (see `socket-writer`).
 *
 * Backlog is what waits *behind* the write under way: a large state on its way to a slow joiner is one write and counts
 * nothing; a reader that stopped lets everything after it pile up. The core is told when the backlog passes a mark.
 *
 * Invariants: `connection-opened` comes first and `connection-closed` last, each once; after a close was asked for
 * nothing more is read or written; an `error` never leaves this file.
 */
import type { Duplex } from "node:stream";
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { WebSocket, type RawData } from "ws";
import type { RelayInput } from "../core/input.ts";
import type { EdgeObserver } from "./edge-observer.ts";
import { Liveness } from "./liveness.ts";
import type { SocketWriter } from "./socket-writer.ts";
import type { Visitor } from "./visitor.ts";

export interface ClientSocketOptions {
  readonly connection: ConnectionId;
  readonly visitor: Visitor;
  readonly webSocket: WebSocket;
  /** The socket beneath `webSocket`. */
  readonly socket: Duplex;
  /** Backlogs at which the core is told, ascending. */
  readonly marks: readonly number[];
  readonly enqueue: (input: RelayInput) => void;
  readonly observer: EdgeObserver;
  readonly closed: () => void;
}

const unsupportedData = 1003;

export class ClientSocket {
  readonly #options: ClientSocketOptions;
  /** Sizes of the writes that the kernel has not taken; the first is under way. */
  readonly #pending: number[] = [];
  #pendingBytes = 0;
  #level = 0;
  #closing = false;
  readonly #liveness: Liveness;

  constructor(options: ClientSocketOptions) {
    this.#options = options;
    this.#liveness = new Liveness(options.webSocket);
    const { webSocket } = options;
    webSocket.on("message", (data, isBinary) => this.#received(data, isBinary));
    webSocket.on("error", (error) => this.#failed(error));
    webSocket.on("close", () => this.#closed());
  }

  get visitor(): Visitor {
    return this.#options.visitor;
  }

  /** All of `lists` in one write. */
  write(writer: SocketWriter, lists: readonly (readonly Uint8Array[])[]): void {
    const { webSocket, socket, observer } = this.#options;
    if (webSocket.readyState !== WebSocket.OPEN) return;
    const { bytes, frames } = writer.write(socket, lists, this.#written);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes;
    observer.sent(frames, bytes);
    this.#tellLevel();
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    const { webSocket } = this.#options;
    // A paused socket would never read the answer to its close.
    webSocket.resume();
    webSocket.close(code, closeReason(reason));
  }

  pauseReading(paused: boolean): void {
    if (this.#closing) return;
    if (paused) this.#options.webSocket.pause();
    else this.#options.webSocket.resume();
  }

  /** Ends a socket that was silent since it was pinged; pings one that was silent since the last look. */
  checkLiveness(): void {
    if (!this.#closing && !this.#options.webSocket.isPaused) this.#liveness.look();
  }

  terminate(): void {
    this.#options.webSocket.terminate();
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    this.#liveness.heard();
    const { connection, enqueue, observer } = this.#options;
    if (!isBinary || !(data instanceof Buffer)) {
      observer.refusedAtTheDoor("BAD_FRAME");
      return this.close(unsupportedData, "this relay speaks binary messages");
    }
    observer.received(data.length);
    enqueue({ type: "frame-received", connection, bytes: new Uint8Array(data.buffer, data.byteOffset, data.length) });
  }

  readonly #written = (): void => {
    this.#pendingBytes -= this.#pending.shift() ?? 0;
    this.#tellLevel();
  };

  /** Tells the core when the backlog has passed a mark, either way. */
  #tellLevel(): void {
    const { marks, connection, enqueue } = this.#options;
    const bytes = this.#pendingBytes - (this.#pending[0] ?? 0);
    const last = marks.at(-1) ?? Infinity;
    // Past the last mark at each further multiple, too: what the core forgave at one may be too much at the next.
    const level = bytes > last ? marks.length - 1 + Math.floor(bytes / last) : marks.filter((mark) => bytes > mark).length;
    if (level === this.#level || this.#closing) return;
    this.#level = level;
    enqueue({ type: "backlog-changed", connection, bytes });
  }

  /** ws closes the socket itself, with the code that fits. */
  #failed(error: Error & { code?: string }): void {
    const protocolError = error.code?.startsWith("WS_ERR_") ?? false;
    if (protocolError) this.#options.observer.refusedAtTheDoor(codeOf(error.code));
  }

  #closed(): void {
    this.#closing = true;
    this.#options.closed();
    this.#options.enqueue({ type: "connection-closed", connection: this.#options.connection });
  }
}

function codeOf(wsCode: string | undefined): ErrorCode {
  const tooBig = wsCode === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" || wsCode === "WS_ERR_TOO_MANY_BUFFERED_PARTS";
  return tooBig ? "FRAME_TOO_BIG" : "BAD_FRAME";
}

/** A close frame carries at most 123 bytes of reason. */
function closeReason(reason: string): string {
  let bytes = Buffer.from(reason).subarray(0, 123);
  while (bytes.length > 0 && bytes.toString().endsWith("\ufffd") && !reason.includes("\ufffd")) bytes = bytes.subarray(0, -1);
  return bytes.toString();
}
