/**
 * SimHocuspocusClient: somebody with the released Hocuspocus provider, which counts what of theirs is not saved.
 */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import type { Awareness } from "y-protocols/awareness";
import { ReleasedClient, type ReleasedClientOptions } from "./released-client.ts";
import { webSocketOf } from "./sim-web-socket.ts";

interface SimHocuspocusOptions extends ReleasedClientOptions {
  /** Somebody typed: `update` is what the document made of it. */
  readonly typed: (client: SimHocuspocusClient, update: Uint8Array) => void;
}

/** How long it waits between tries, in ms: less than the half minute that it waits by itself at the most. */
const patience = { delay: 500, minDelay: 200, maxDelay: 4_000 } as const;

export class SimHocuspocusClient extends ReleasedClient {
  readonly #socket: HocuspocusProviderWebsocket;
  readonly #provider: HocuspocusProvider;

  /** To be made as an event of its process. */
  constructor(options: SimHocuspocusOptions) {
    super(options);
    const { process, network, host, room, synced, ended, typed } = options;
    this.#socket = new HocuspocusProviderWebsocket({
      url: `ws://${host}/hocuspocus`,
      WebSocketPolyfill: webSocketOf(network, process),
      ...patience,
    });
    this.#provider = new HocuspocusProvider({ websocketProvider: this.#socket, name: room, document: this.doc });
    this.#provider.setAwarenessField("name", process.name);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this.#provider) typed(this, update);
    });
    this.#provider.on("synced", () => synced(this));
    this.#provider.on("authenticationFailed", ({ reason }: { reason: string }) => {
      this.isOver = true;
      ended(this, reason);
    });
    this.#provider.attach();
  }

  get isSynced(): boolean {
    return this.#provider.synced;
  }

  /** What an application shows beside "saved". */
  get saysSaved(): boolean {
    return this.#provider.synced && !this.#provider.hasUnsyncedChanges;
  }

  get awareness(): Awareness {
    return this.#provider.awareness!;
  }

  disconnect(): void {
    this.#socket.disconnect();
  }

  destroy(): void {
    this.#provider.destroy();
    this.#socket.destroy();
  }

  protected reconnect(): void {
    void this.#socket.connect();
  }
}
