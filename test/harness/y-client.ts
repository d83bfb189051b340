/**
 * YClient: a released y-websocket client, one of four versions, as an application in Node uses it. Each has its own
 * document; tabs' shortcuts (BroadcastChannel) are off, so that everything goes over the relay.
 */
import * as decoding from "lib0/decoding";
import { WebSocket } from "ws";
import type { Awareness } from "y-protocols/awareness";
import { WebsocketProvider as Provider31 } from "y-websocket";
import { WebsocketProvider as Provider1 } from "y-websocket-1";
import { WebsocketProvider as Provider2 } from "y-websocket-2";
import { WebsocketProvider as Provider30 } from "y-websocket-3.0";
import type * as Y from "yjs";
import type { RelayProcess } from "./relay-process.ts";
import { TextClient } from "./text-client.ts";
import { until } from "./until.ts";

export const yVersions = ["1.5.4", "2.1.0", "3.0.0", "3.1.0"] as const;
export type YVersion = (typeof yVersions)[number];

interface Provider {
  readonly awareness: Awareness;
  readonly synced: boolean;
  readonly wsconnected: boolean;
  readonly ws: WebSocket | null;
  shouldConnect: boolean;
  connect(): void;
  disconnect(): void;
  destroy(): void;
  on(event: string, listener: (...values: never[]) => void): void;
}

type ProviderConstructor = new (url: string, room: string, doc: Y.Doc, options: object) => Provider;

const providers: Readonly<Record<YVersion, ProviderConstructor>> = {
  "1.5.4": Provider1 as unknown as ProviderConstructor,
  "2.1.0": Provider2 as unknown as ProviderConstructor,
  "3.0.0": Provider30 as unknown as ProviderConstructor,
  "3.1.0": Provider31 as unknown as ProviderConstructor,
};

const living = new Set<YClient>();

export function endYClients(): void {
  for (const client of living) client.end();
}

export class YClient extends TextClient {
  readonly version: YVersion;
  readonly provider: Provider;
  /** How often its socket was opened, and with which codes it was closed. */
  opened = 0;
  readonly closeCodes: number[] = [];
  /** What the relay said that it has when it asked on this socket: to y-websocket clients the only word for "on the disk". */
  asked: Uint8Array | undefined;

  protected get kind(): string {
    return `y-websocket ${this.version}`;
  }

  constructor(
    relay: Pick<RelayProcess, "socketUrl">,
    room: string,
    options: { version?: YVersion; doc?: Y.Doc; connect?: boolean; token?: string } = {},
  ) {
    super(options.doc);
    this.version = options.version ?? "3.1.0";
    const params = options.token === undefined ? {} : { token: options.token };
    const settings = { WebSocketPolyfill: WebSocket, disableBc: true, connect: false, maxBackoffTime: 500, params };
    this.provider = new providers[this.version](relay.socketUrl("/y"), room, this.doc, settings);
    this.provider.on("status", (({ status }: { status: string }) => {
      if (status === "connected") this.#connected();
    }) as never);
    this.provider.on("connection-close", ((event: { code: number } | null) => {
      if (event !== null) this.closeCodes.push(event.code);
    }) as never);
    living.add(this);
    if (options.connect !== false) this.provider.connect();
  }

  #connected(): void {
    this.opened += 1;
    this.asked = undefined;
    this.provider.ws?.on("message", (data: ArrayBuffer) => {
      const decoder = decoding.createDecoder(new Uint8Array(data));
      if (decoding.readVarUint(decoder) === 0 && decoding.readVarUint(decoder) === 0) this.asked = decoding.readVarUint8Array(decoder);
    });
  }

  get awareness(): Awareness {
    return this.provider.awareness;
  }

  get isOnline(): boolean {
    return this.provider.wsconnected;
  }

  async synced(): Promise<this> {
    await until(`${this.kind} synced`, () => this.provider.wsconnected && this.provider.synced);
    return this;
  }

  /** Its socket breaks, without a word to the other end; it comes back by itself. */
  cut(): void {
    this.provider.ws?.terminate();
  }

  /** Its machine is gone: without a word, and for good. */
  vanish(): void {
    this.provider.shouldConnect = false;
    this.cut();
  }

  goOffline(): void {
    this.provider.disconnect();
  }

  goOnline(): void {
    this.provider.connect();
  }

  /** Ends the client as a closed tab does. */
  end(): void {
    living.delete(this);
    this.provider.destroy();
    this.doc.destroy();
  }
}
