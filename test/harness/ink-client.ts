/**
 * InkClient: our own client library in Node, one page's worth: one connection, one document.
 */
import { Inkmesh, type InkmeshRoom } from "@inkmesh/client";
import { WebSocket } from "ws";
import type * as Y from "yjs";
import type { RelayProcess } from "./relay-process.ts";
import { TextClient } from "./text-client.ts";
import { until } from "./until.ts";

type Options = ConstructorParameters<typeof Inkmesh>[0];

const living = new Set<InkClient>();

export async function endInkClients(): Promise<void> {
  await Promise.all([...living].map((client) => client.end()));
}

export class InkClient extends TextClient {
  protected readonly kind = "our client";
  readonly mesh: Inkmesh;
  readonly room: InkmeshRoom;

  /** `relay`: one, or several of which it begins with the first. */
  constructor(
    relay: RelayProcess | readonly RelayProcess[],
    room: string,
    options: { store?: NonNullable<Options["store"]>; doc?: Y.Doc; credential?: string } = {},
  ) {
    super(options.doc);
    const store = options.store === undefined ? {} : { store: options.store };
    this.mesh = new Inkmesh({
      url: [relay].flat().map((each) => each.socketUrl("/sync")),
      WebSocket: WebSocket as unknown as NonNullable<Options["WebSocket"]>,
      ...store,
      ...(options.credential === undefined ? {} : { credential: options.credential }),
    });
    this.room = this.mesh.open(room, { doc: this.doc });
    living.add(this);
  }

  async loaded(): Promise<this> {
    await this.room.whenLoaded;
    return this;
  }

  async synced(): Promise<this> {
    await this.room.whenSynced;
    return this;
  }

  /** Everything typed here is saved by the relay's own word. */
  async saved(timeoutMs = 15_000): Promise<void> {
    await until("our client says saved", () => this.room.status.phase === "saved" && this.room.status.waiting === 0, {
      timeoutMs,
      seen: () => this.room.status,
    });
  }

  goOffline(): void {
    this.mesh.workOffline(true);
  }

  goOnline(): void {
    this.mesh.workOffline(false);
  }

  async end(): Promise<void> {
    if (!living.delete(this)) return;
    await this.mesh.close();
    this.doc.destroy();
  }
}
