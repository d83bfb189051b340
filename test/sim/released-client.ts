/**
 * ReleasedClient: somebody with a client that others have released, which knows one relay and keeps its document in memory.
 */
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./world.ts";
import { Writer } from "./writing.ts";

export interface ReleasedClientOptions {
  readonly process: SimProcess;
  readonly network: SimNetwork;
  /** The relay that it knows. */
  readonly host: string;
  readonly room: string;
  /** It has what the relay had. */
  readonly synced: (client: ReleasedClient) => void;
  /** It was told that it is over for good, in these words. */
  readonly ended: (client: ReleasedClient, words: string) => void;
}

export abstract class ReleasedClient {
  readonly process: SimProcess;
  readonly roomName: string;
  readonly host: string;
  readonly doc = new Y.Doc();
  readonly #writer: Writer;
  isOver = false;

  constructor({ process, host, room }: ReleasedClientOptions) {
    this.process = process;
    this.roomName = room;
    this.host = host;
    this.#writer = new Writer({ name: process.name.replace(/\W/g, "_"), random: process.random });
    process.note(`writes as ${this.doc.clientID}`);
  }

  abstract readonly isSynced: boolean;
  abstract readonly awareness: Awareness;
  abstract disconnect(): void;
  /** It lets go of what it keeps of the worker. */
  abstract destroy(): void;
  protected abstract reconnect(): void;

  get isWorking(): boolean {
    return !this.process.hasEnded && !this.isOver;
  }

  type(): void {
    if (this.isWorking) this.#writer.edit(this.doc);
  }

  connect(): void {
    if (this.isWorking) this.reconnect();
  }
}
