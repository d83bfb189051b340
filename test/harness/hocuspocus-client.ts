/**
 * HocuspocusClient: a released @hocuspocus/provider, one of three versions, as an application in Node uses it: on a socket of its own, or
 * on one that it shares with others.
 */
import { HocuspocusProvider as Provider4, HocuspocusProviderWebsocket as Socket4 } from "@hocuspocus/provider";
import { HocuspocusProvider as Provider2, HocuspocusProviderWebsocket as Socket2 } from "hocuspocus-provider-2";
import { HocuspocusProvider as Provider3, HocuspocusProviderWebsocket as Socket3 } from "hocuspocus-provider-3";
import * as decoding from "lib0/decoding";
import { WebSocket } from "ws";
import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import type { RelayProcess } from "./relay-process.ts";
import { TextClient } from "./text-client.ts";
import { until } from "./until.ts";

export const hocuspocusVersions = ["2.15.3", "3.4.4", "4.8.0"] as const;
export type HocuspocusVersion = (typeof hocuspocusVersions)[number];

interface Provider {
  readonly awareness: Awareness;
  readonly synced: boolean;
  readonly unsyncedChanges: number;
  readonly hasUnsyncedChanges: boolean;
  readonly isAuthenticated: boolean;
  readonly authorizedScope: string | undefined;
  attach?(): void;
  detach?(): void;
  forceSync(): void;
  sendStateless(payload: string): void;
  destroy(): void;
  on(event: string, listener: (value: never) => void): void;
}

interface ProviderSocket {
  readonly webSocket: WebSocket | null;
  shouldConnect: boolean;
  connect(): unknown;
  disconnect(): void;
  destroy(): void;
  on(event: string, listener: (value: never) => void): void;
}

interface Release {
  readonly Provider: new (options: object) => Provider;
  readonly Socket: new (options: object) => ProviderSocket;
}

const releases = {
  "2.15.3": { Provider: Provider2, Socket: Socket2 },
  "3.4.4": { Provider: Provider3, Socket: Socket3 },
  "4.8.0": { Provider: Provider4, Socket: Socket4 },
} as unknown as Readonly<Record<HocuspocusVersion, Release>>;

/** As in a browser, an error that nobody listens for is nobody's: a provider stops listening before it closes a socket that still connects. */
class ForgivingSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols);
    this.on("error", () => undefined);
  }
}

const living = new Set<HocuspocusClient | HocuspocusSocket>();

export function endHocuspocusClients(): void {
  for (const each of living) each.end();
}

/** One socket, for any number of documents. */
export class HocuspocusSocket {
  readonly relay: Pick<RelayProcess, "socketUrl">;
  readonly version: HocuspocusVersion;
  readonly socket: ProviderSocket;
  readonly closeCodes: number[] = [];
  opened = 0;

  constructor(relay: Pick<RelayProcess, "socketUrl">, version: HocuspocusVersion = "4.8.0") {
    this.relay = relay;
    this.version = version;
    const patience = { delay: 100, minDelay: 100, maxDelay: 500, jitter: false };
    this.socket = new releases[version].Socket({ url: relay.socketUrl("/hocuspocus"), WebSocketPolyfill: ForgivingSocket, ...patience });
    this.socket.on("open", (() => (this.opened += 1)) as never);
    this.socket.on("close", (({ event }: { event: { code: number } }) => this.closeCodes.push(event.code)) as never);
    living.add(this);
  }

  end(): void {
    living.delete(this);
    this.socket.destroy();
  }
}

interface ClientOptions {
  readonly version?: HocuspocusVersion;
  readonly doc?: Y.Doc;
  readonly socket?: HocuspocusSocket;
  readonly token?: string | (() => string);
  readonly sessionAwareness?: boolean;
}

export class HocuspocusClient extends TextClient {
  readonly version: HocuspocusVersion;
  readonly line: HocuspocusSocket;
  readonly provider: Provider;
  readonly denied: string[] = [];
  readonly heard: string[] = [];
  /** What it counted as unsaved, each time that changed. */
  readonly counted: number[] = [];
  /** How often the relay told it that one more is saved: the provider itself stops at 0. */
  confirmed = 0;

  protected get kind(): string {
    return `the Hocuspocus provider ${this.version}`;
  }

  constructor(relay: Pick<RelayProcess, "socketUrl">, room: string, options: ClientOptions = {}) {
    super(options.doc);
    this.line = options.socket ?? new HocuspocusSocket(relay, options.version);
    this.version = this.line.version;
    const { token, sessionAwareness } = options;
    const { Provider } = releases[this.version];
    this.provider = new Provider({
      websocketProvider: this.line.socket,
      name: room,
      document: this.doc,
      broadcast: false,
      ...(token === undefined ? {} : { token }),
      ...(sessionAwareness === undefined ? {} : { sessionAwareness }),
    });
    this.provider.on("authenticationFailed", (({ reason }: { reason: string }) => this.denied.push(reason)) as never);
    this.provider.on("stateless", (({ payload }: { payload: string }) => this.heard.push(payload)) as never);
    this.provider.on("message", (({ event }: { event: { data: ArrayBuffer } }) => {
      if (isConfirmation(new Uint8Array(event.data))) this.confirmed += 1;
    }) as never);
    this.provider.on("unsyncedChanges", (() => this.counted.push(this.provider.unsyncedChanges)) as never);
    this.provider.attach?.();
    living.add(this);
  }

  get awareness(): Awareness {
    return this.provider.awareness;
  }

  get opened(): number {
    return this.line.opened;
  }

  get closeCodes(): readonly number[] {
    return this.line.closeCodes;
  }

  /** Nothing of what it counts is unsaved. */
  get isSaved(): boolean {
    return this.provider.synced && !this.provider.hasUnsyncedChanges;
  }

  get isOnline(): boolean {
    return this.provider.synced;
  }

  async synced(): Promise<this> {
    await until(`${this.kind} synced`, () => this.provider.synced);
    return this;
  }

  /** Everything that it typed is saved, by its own count. */
  async saved(timeoutMs = 15_000): Promise<this> {
    await until(`nothing of ${this.kind} is unsaved`, () => this.isSaved, {
      timeoutMs,
      seen: () => this.provider.unsyncedChanges,
    });
    return this;
  }

  /** Its socket breaks, without a word to the other end; it comes back by itself. */
  cut(): void {
    this.line.socket.webSocket?.terminate();
  }

  /** Its machine is gone: without a word, and for good. */
  vanish(): void {
    this.line.socket.shouldConnect = false;
    this.cut();
  }

  goOffline(): void {
    this.line.socket.disconnect();
  }

  goOnline(): void {
    void this.line.socket.connect();
  }

  end(): void {
    living.delete(this);
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** A sync status of 1, behind the document's name. */
function isConfirmation(frame: Uint8Array): boolean {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarString(decoder);
  return decoding.readVarUint(decoder) === 8 && decoding.readVarInt(decoder) === 1;
}
