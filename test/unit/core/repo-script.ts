/**
 * RepoScript: a client of automerge-repo's dialect in a CoreWorld: a document of Automerge's, and its own side of the sync protocol.
 */
import * as A from "automerge";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { documentOfRoom, textOfHeads } from "@inkmesh/shared/wire/automerge-document";
import { decodeRepoMessage, encodeRepoMessage, type RepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import { decodeCbor } from "@inkmesh/shared/wire/cbor";
import type { CoreWorld } from "./core-world.ts";
import { ScriptedSocket } from "./scripted-client.ts";

export interface Notes extends Record<string, unknown> {
  text?: string;
}

export class RepoScript extends ScriptedSocket {
  readonly senderId: string;
  readonly heard: RepoMessage[] = [];
  document: A.Doc<Notes>;
  #state = A.initSyncState();
  readonly #documentId;

  constructor(world: CoreWorld, room: RoomName, actor: string) {
    super(world, (socket) => world.connect("automerge-repo", socket));
    this.senderId = `peer-${actor}`;
    this.document = A.init<Notes>({ actor });
    this.#documentId = documentOfRoom(room)!;
    const peerMetadata = { storageId: undefined, isEphemeral: false };
    this.say({ type: "join", senderId: this.senderId, peerMetadata, versions: ["1"] });
  }

  say(message: Exclude<RepoMessage, { type: "unfamiliar" }>): this {
    this.world.send(this.connection, encodeRepoMessage(message));
    return this;
  }

  get #about() {
    return { senderId: this.senderId, targetId: "relay", documentId: this.#documentId } as const;
  }

  /** What it has to say, by its side of the protocol. */
  sync(): this {
    const [state, data] = A.generateSyncMessage(this.document, this.#state);
    this.#state = state;
    if (data === null) return this;
    return this.say({ type: A.getHeads(this.document).length === 0 ? "request" : "sync", ...this.#about, data });
  }

  /** Asks for another document than its own. */
  asksFor(room: RoomName): this {
    const [, data] = A.generateSyncMessage(A.init(), A.initSyncState());
    return this.say({ type: "request", ...this.#about, documentId: documentOfRoom(room)!, data: data! });
  }

  wants(...add: string[]): this {
    return this.say({ type: "remote-subscription-change", senderId: this.senderId, targetId: "relay", add, remove: [] });
  }

  write(text: string): this {
    this.document = A.change(this.document, { time: 0 }, (draft) => {
      draft.text ??= "";
      A.splice(draft, ["text"], draft.text.length, 0, text);
    });
    return this.sync();
  }

  override received(frame: Uint8Array): void {
    super.received(frame);
    const value = decodeCbor(frame);
    const read = decodeRepoMessage(frame, value.ok ? (value.value as { senderId: string }).senderId : undefined);
    if (!read.ok) throw new Error(read.refusal.detail);
    this.heard.push(read.value);
    if (read.value.type !== "sync") return;
    [this.document, this.#state] = A.receiveSyncMessage(this.document, this.#state, read.value.data);
    this.sync();
  }

  get text(): string | undefined {
    return this.document.text;
  }

  kinds(): readonly string[] {
    return this.heard.map(({ type }) => type);
  }

  /** Whether it was told last that what it has is in `storage`. */
  isTold(storage: string): boolean {
    const told = this.heard.flatMap((heard) => (heard.type === "remote-heads-changed" ? [heard.newHeads.get(storage)?.heads] : [])).at(-1);
    return told?.join() === textOfHeads(A.getHeads(this.document)).join();
  }
}
