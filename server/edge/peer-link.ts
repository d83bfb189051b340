/**
 * PeerLink: one WebSocket to another relay. Accepted and dialled ones are the same noun: what differs is over when it is open.
 *
 * It says what comes in as inputs for the core, and does what the core's effects ask. Whether the other side holds the mesh secret is
 * the core's to find out; until the core has heard two messages on an accepted socket (a hello and a proof), the socket may
 * not have cost more than a few kilobytes, so that strangers cannot fill the memory.
 *
 * Invariants: `link-opened` comes first and `link-closed` last, each once; after a close was asked for nothing more is read or
 * written; an `error` never leaves this file.
 */
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { LinkId } from "@inkmesh/shared/base/ids";
import { handshakeBytesMax } from "@inkmesh/shared/wire/mesh-handshake";
import { WebSocket, type RawData } from "ws";
import type { MeshInput } from "../core/peers/mesh-input.ts";
import type { EdgeObserver } from "./edge-observer.ts";

interface PeerLinkOptions {
  readonly link: LinkId;
  readonly webSocket: WebSocket;
  /** The socket beneath `webSocket`. */
  readonly socket: Socket | Duplex;
  /** The address that was dialled; undefined: it was accepted. */
  readonly dialled: string | undefined;
  readonly closeMs: number;
  readonly enqueue: (input: MeshInput) => void;
  readonly observer: EdgeObserver;
  readonly closed: () => void;
}

const unsupportedData = 1003;
/** A hello and a proof, their framing, and what may come in the same packet. */
const unprovenBytesMax = 3 * handshakeBytesMax;
const keepAliveMs = 20_000;
const strangerCloseMs = 250;

export class PeerLink {
  readonly #options: PeerLinkOptions;
  #given = 0;
  #taken = 0;
  /** Up to which of what was given somebody waits to hear that it was taken. */
  #asked: number | undefined;
  #messages = 0;
  #unprovenBytes = 0;
  #closing = false;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    const { link, webSocket, socket, dialled, enqueue } = options;
    if ("setKeepAlive" in socket) socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
    enqueue({ type: "link-opened", link, dialled, remote: remoteOf(socket) });
    webSocket.on("message", (data, isBinary) => this.#received(data, isBinary));
    webSocket.on("error", () => undefined);
    webSocket.on("close", () => this.#closed());
    if (dialled === undefined) socket.on("data", this.#counted);
  }

  /** All in one write. */
  write(frames: readonly Uint8Array[], asks: boolean): void {
    const { webSocket, socket, observer } = this.#options;
    if (webSocket.readyState !== WebSocket.OPEN) return;
    socket.cork();
    for (const frame of frames) {
      this.#given += 1;
      webSocket.send(frame, { binary: true }, this.#written);
      observer.sentToPeer(frame.length);
    }
    socket.uncork();
    if (asks) this.#asked = this.#given;
    this.#tellTaken();
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    const { webSocket, dialled, closeMs } = this.#options;
    webSocket.close(code, reason);
    // Who was not proven could go on sending for as long as a close may take.
    const isStranger = dialled === undefined && this.#messages <= 2;
    setTimeout(() => webSocket.terminate(), isStranger ? Math.min(strangerCloseMs, closeMs) : closeMs).unref();
  }

  terminate(): void {
    this.#options.webSocket.terminate();
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    const { link, socket, enqueue, observer } = this.#options;
    if (!isBinary || !(data instanceof Buffer)) {
      observer.refusedAtTheDoor("BAD_FRAME");
      return this.close(unsupportedData, "relays speak binary messages");
    }
    this.#messages += 1;
    if (this.#messages === 2) socket.off("data", this.#counted);
    observer.receivedFromPeer(data.length);
    enqueue({ type: "link-received", link, bytes: new Uint8Array(data.buffer, data.byteOffset, data.length) });
  }

  readonly #counted = (chunk: Buffer): void => {
    this.#unprovenBytes += chunk.length;
    if (this.#unprovenBytes <= unprovenBytesMax) return;
    this.#options.observer.refusedAtTheDoor("FRAME_TOO_BIG");
    this.#options.webSocket.terminate();
  };

  readonly #written = (): void => {
    this.#taken += 1;
    this.#tellTaken();
  };

  #tellTaken(): void {
    if (this.#asked === undefined || this.#taken < this.#asked || this.#closing) return;
    this.#asked = undefined;
    this.#options.enqueue({ type: "link-taken", link: this.#options.link });
  }

  #closed(): void {
    this.#closing = true;
    this.#options.closed();
    this.#options.enqueue({ type: "link-closed", link: this.#options.link });
  }
}

/** Where the other end is, for people. */
function remoteOf(socket: Socket | Duplex): string {
  const { remoteAddress, remotePort } = socket as Partial<Socket>;
  return remoteAddress === undefined ? "somewhere" : `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}
