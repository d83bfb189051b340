/**
 * PeerDoor: through which links to other relays come and go: upgrades of `/mesh`, and dials. It holds all of them by number.
 *
 * A dial asks the system which machines the address names, each time anew, and opens a socket to every one of them: so a name that
 * lists all relays finds all of them, and one that moved is found where it is now. Compression is off, redirects are not followed.
 *
 * Invariants: a link's number is never reused within a process; effects for a number that is gone are ignored; a dial that led
 * to no open socket is told as failed, once.
 */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { IncomingMessage } from "node:http";
import type { LookupFunction, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { LinkId } from "@inkmesh/shared/base/ids";
import { WebSocket, WebSocketServer, type ClientOptions, type ServerOptions } from "ws";
import type { MeshInput } from "../core/peers/mesh-input.ts";
import type { EdgeObserver } from "./edge-observer.ts";
import { PeerLink } from "./peer-link.ts";

interface PeerDoorOptions {
  /** One message, in bytes. */
  readonly frameBytesMax: number;
  /** How long opening one socket may take. */
  readonly dialMs: number;
  readonly machinesPerAddressMax: number;
  readonly closeMs: number;
  readonly enqueue: (input: MeshInput) => void;
  readonly observer: EdgeObserver;
  /** Which machines a name means; the system's resolver unless a test has another. */
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

export class PeerDoor {
  readonly #options: PeerDoorOptions;
  readonly #server: WebSocketServer;
  readonly #links = new Map<LinkId, PeerLink>();
  #lastLink = 0;
  #isShut = false;

  constructor(options: PeerDoorOptions) {
    this.#options = options;
    // @types/ws does not know the last one yet.
    const serverOptions: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.frameBytesMax,
      closeTimeout: options.closeMs,
    };
    this.#server = new WebSocketServer(serverOptions);
  }

  /** Makes a link of an upgrade request that may come in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, socket, undefined));
  }

  dial(address: string): void {
    void this.#dialAll(address).then((failure) => {
      if (failure !== undefined && !this.#isShut) this.#options.enqueue({ type: "dial-failed", address, reason: failure });
    });
  }

  write(link: LinkId, frames: readonly Uint8Array[], asks: boolean): void {
    this.#links.get(link)?.write(frames, asks);
  }

  close(link: LinkId, code: number, reason: string): void {
    this.#links.get(link)?.close(code, reason);
  }

  /** Closes every link, and lets nothing more in or out. */
  shut(code: number, reason: string): void {
    this.#isShut = true;
    for (const link of this.#links.values()) link.close(code, reason);
  }

  /** Cuts every link that is still there. */
  terminateAll(): void {
    for (const link of this.#links.values()) link.terminate();
  }

  /** Undefined when a socket is open; otherwise why none is, in words. */
  async #dialAll(address: string): Promise<string | undefined> {
    let machines: readonly LookupAddress[];
    try {
      machines = await (this.#options.resolve ?? resolveName)(new URL(address).hostname.replace(/^\[|\]$/g, ""));
    } catch (error) {
      return reasonOf(error);
    }
    const failures = await Promise.all(
      machines.slice(0, this.#options.machinesPerAddressMax).map((machine) => this.#dialOne(address, machine)),
    );
    return failures.includes(undefined) ? undefined : (failures[0] ?? "the name stands for no machine");
  }

  #dialOne(address: string, machine: LookupAddress): Promise<string | undefined> {
    const { frameBytesMax, dialMs, closeMs } = this.#options;
    const options: ClientOptions & { closeTimeout: number; lookup: LookupFunction } = {
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      handshakeTimeout: dialMs,
      closeTimeout: closeMs,
      // The name stays in the request and in the certificate's check; the machine is the one that was found.
      lookup: (_name, { all }, found) => (all === true ? found(null, [machine]) : found(null, machine.address, machine.family)),
    };
    return new Promise((resolve) => {
      const webSocket = new WebSocket(address, options);
      let socket: Socket | undefined;
      webSocket.once("upgrade", (response) => (socket = response.socket));
      webSocket.once("error", (error) => resolve(reasonOf(error)));
      webSocket.once("open", () => {
        resolve(undefined);
        if (this.#isShut || socket === undefined) webSocket.terminate();
        else this.#opened(webSocket, socket, address);
      });
    });
  }

  #opened(webSocket: WebSocket, socket: Socket | Duplex, dialled: string | undefined): void {
    const { closeMs, enqueue, observer } = this.#options;
    const link = ++this.#lastLink as LinkId;
    const closed = (): void => void this.#links.delete(link);
    this.#links.set(link, new PeerLink({ link, webSocket, socket, dialled, closeMs, enqueue, observer, closed }));
  }
}

function resolveName(name: string): Promise<readonly LookupAddress[]> {
  return lookup(name, { all: true });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "the machine cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "no answer",
  ENOTFOUND: "no such name",
  EAI_AGAIN: "the name cannot be asked for right now",
};

/** Why, for a person; the system's own word stays with it. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const known = code === undefined ? undefined : reasons[code];
  if (known !== undefined) return `${known} (${code})`;
  const status = /^Unexpected server response: (\d+)$/.exec(message ?? "")?.[1];
  return status === undefined ? (message ?? String(error)) : `it answers with HTTP status ${status}`;
}
