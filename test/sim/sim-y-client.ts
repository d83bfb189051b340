/**
 * SimYClient: somebody with the released y-websocket client, which keeps its document in memory, and is told nothing of
 * what is saved.
 */
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { SimNetwork } from "./sim-network.ts";
import { webSocketOf } from "./sim-web-socket.ts";
import type { SimProcess } from "./world.ts";
import { Writer } from "./writing.ts";

export interface YClientOptions {
  readonly process: SimProcess;
  readonly network: SimNetwork;
  /** The relay that it knows. */
  readonly host: string;
  readonly room: string;
  /** It has what the relay had. */
  readonly synced: (client: SimYClient) => void;
  /** A close code said that it is over for good. */
  readonly ended: (client: SimYClient, code: number) => void;
}

export class SimYClient {
  readonly process: SimProcess;
  readonly roomName: string;
  readonly host: string;
  readonly doc = new Y.Doc();
  readonly #provider: WebsocketProvider;
  readonly #writer: Writer;
  isOver = false;

  /** To be made as an event of its process. */
  constructor({ process, network, host, room, synced, ended }: YClientOptions) {
    this.process = process;
    this.roomName = room;
    this.host = host;
    this.#writer = new Writer({ name: process.name.replace(/\W/g, "_"), random: process.random });
    this.#provider = new WebsocketProvider(`ws://${host}/y`, room, this.doc, {
      WebSocketPolyfill: webSocketOf(network, process) as never,
      disableBc: true,
    });
    process.note(`writes as ${this.doc.clientID}`);
    this.#provider.awareness.setLocalState({ name: process.name });
    this.#provider.on("sync", (isSynced: boolean) => isSynced && synced(this));
    this.#provider.on("closed", ({ code }) => {
      this.isOver = true;
      ended(this, code);
    });
  }

  get isWorking(): boolean {
    return !this.process.hasEnded && !this.isOver;
  }

  get isSynced(): boolean {
    return this.#provider.synced;
  }

  get awareness(): WebsocketProvider["awareness"] {
    return this.#provider.awareness;
  }

  type(): void {
    if (this.isWorking) this.#writer.edit(this.doc);
  }

  disconnect(): void {
    this.#provider.disconnect();
  }

  connect(): void {
    if (this.isWorking) this.#provider.connect();
  }

  /** It lets go of the process's exit handler, which is the worker's. */
  destroy(): void {
    this.#provider.destroy();
  }
}
