/**
 * SimYClient: somebody with the released y-websocket client, who is told nothing of what is saved.
 */
import { WebsocketProvider } from "y-websocket";
import { ReleasedClient, type ReleasedClientOptions } from "./released-client.ts";
import { webSocketOf } from "./sim-web-socket.ts";

export class SimYClient extends ReleasedClient {
  readonly #provider: WebsocketProvider;

  /** To be made as an event of its process. */
  constructor(options: ReleasedClientOptions) {
    super(options);
    const { process, network, host, room, synced, ended } = options;
    this.#provider = new WebsocketProvider(`ws://${host}/y`, room, this.doc, {
      WebSocketPolyfill: webSocketOf(network, process) as never,
      disableBc: true,
    });
    this.#provider.awareness.setLocalState({ name: process.name });
    this.#provider.on("sync", (isSynced: boolean) => isSynced && synced(this));
    this.#provider.on("closed", ({ code }) => {
      this.isOver = true;
      ended(this, String(code));
    });
  }

  get isSynced(): boolean {
    return this.#provider.synced;
  }

  get awareness(): WebsocketProvider["awareness"] {
    return this.#provider.awareness;
  }

  disconnect(): void {
    this.#provider.disconnect();
  }

  /** The process's exit handler is the worker's. */
  destroy(): void {
    this.#provider.destroy();
  }

  protected reconnect(): void {
    this.#provider.connect();
  }
}
