/**
 * SimTab: a tab of a browser, or a program in Node, in which a person works: one process with the production client
 * library in it: the `Inkmesh` of the product with its core, its outbox, its stores and its talk with other tabs.
 *
 *     opened ──▶ working ⇄ offline, frozen ──▶ closed (in order) or killed
 */
import { Inkmesh, type InkmeshRoom } from "@inkmesh/client";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import * as Y from "yjs";
import type { OfflineStore } from "../../client/provider/offline-store.ts";
import type { ChannelLike, LocksLike } from "../../client/provider/tabs.ts";
import type { AnyDocument } from "./checkers/content.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimNotebook } from "./sim-notebook.ts";
import { webSocketOf } from "./sim-web-socket.ts";
import type { SimProcess } from "./world.ts";
import { Writer } from "./writing.ts";

/** What a checker hears of tabs. */
export interface TabWatcher {
  /** Somebody typed in `tab`: `update` is what the document made of it. */
  typed(tab: SimTab, update: Uint8Array): void;
  synced(tab: SimTab): void;
}

export interface SimTabOptions {
  readonly process: SimProcess;
  readonly network: SimNetwork;
  readonly hosts: readonly string[];
  readonly room: string;
  readonly store: OfflineStore;
  readonly tabs: { readonly locks: LocksLike | undefined; readonly channel: ChannelLike | undefined };
  readonly watcher: TabWatcher;
}

export class SimTab {
  readonly process: SimProcess;
  readonly roomName: string;
  /** The relays that it was opened with. */
  readonly hosts: readonly string[];
  readonly mesh: Inkmesh;
  readonly room: InkmeshRoom<unknown>;
  readonly #paper: Y.Doc | SimNotebook;
  readonly #writer: Writer;
  /** Somebody who only tidies up: what a state vector does not show is all there is to lose. */
  readonly #onlyErases: boolean;
  isClosing = false;
  hasTyped = false;
  isOffline = false;
  /** Whether the device's copy is in the document: a person can type. */
  isLoaded = false;

  /** To be made as an event of its process. */
  constructor(options: SimTabOptions) {
    const { process, network, hosts, room, store, tabs, watcher } = options;
    const url = hosts.map((host) => `ws://${host}/sync`);
    this.process = process;
    this.roomName = room;
    this.hosts = hosts;
    this.#writer = new Writer({ name: process.name.replace(/\W/g, "_"), random: process.random });
    this.#onlyErases = process.random.fraction() < 0.12;
    this.mesh = new Inkmesh({ url, store, WebSocket: webSocketOf(network, process) as never, tabs });
    const typed = (update: Uint8Array): void => {
      this.hasTyped = true;
      watcher.typed(this, update);
    };
    if (engineOf(room as RoomName) === "yjs") {
      const doc = new Y.Doc();
      this.#paper = doc;
      this.room = this.mesh.open(room, { doc });
      process.note(`writes as ${doc.clientID}`);
      doc.on("update", (update: Uint8Array, origin: unknown) => origin !== this.room && typed(update));
    } else {
      this.#paper = new SimNotebook(typed);
      this.room = this.mesh.open(room, { doc: this.#paper.handle });
    }
    this.room.awareness.setLocalState({ name: process.name });
    void this.room.whenLoaded.then(() => (this.isLoaded = true));
    void this.room.whenSynced.then(() => watcher.synced(this));
  }

  /** What it shows. */
  get doc(): AnyDocument {
    return this.#paper instanceof SimNotebook ? this.#paper.shown : this.#paper;
  }

  get isWorking(): boolean {
    return !this.process.hasEnded && !this.isClosing;
  }

  /** One edit of the person, as an event of the tab. */
  type(onlyDeletions: boolean): void {
    if (!this.isWorking || !this.isLoaded || this.room.status.phase === "deleted") return;
    if (onlyDeletions || this.#onlyErases) this.#writer.remove(this.#paper);
    else this.#writer.edit(this.#paper);
  }

  /** An insertion for certain, whatever the text is and whoever sits here. */
  typeWord(): void {
    this.#writer.type(this.#paper);
  }

  workOffline(offline: boolean): void {
    this.isOffline = offline;
    this.mesh.workOffline(offline);
  }

  /** In order, as a program does. Resolves when all is on the device. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.mesh.close();
  }
}
