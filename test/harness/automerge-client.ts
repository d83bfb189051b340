/**
 * AutomergeClient: a released automerge-repo, as an application in Node uses it: a Repo whose documents come by one socket from one relay.
 */
import { Repo, type AutomergeUrl, type DocHandle, type PeerId, type StorageId } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { splice } from "@automerge/automerge";
import { WebSocket } from "ws";
import type { RelayProcess } from "./relay-process.ts";
import { until } from "./until.ts";

export interface Notes extends Record<string, unknown> {
  text: string;
}

/** How soon a client comes back whose socket is gone, or gives up one that does not open; as released it waits 5 s. */
const retryMs = 1_000;

const living = new Set<AutomergeClient>();

export function endAutomergeClients(): void {
  for (const client of living) client.end();
}

/** The storages of whose heads a client asks: where "saved" is, and on at least so many disks. */
export const remotes = ["inkmesh/saved", "inkmesh/on-1", "inkmesh/on-2", "inkmesh/on-3"] as const;

export class AutomergeClient {
  readonly repo: Repo;
  #adapter: WebSocketClientAdapter;
  #isOnline = true;

  constructor(relay: Pick<RelayProcess, "socketUrl">, { peerId }: { readonly peerId?: string } = {}) {
    this.#adapter = adapterTo(relay);
    this.repo = new Repo({
      network: [this.#adapter],
      ...(peerId === undefined ? {} : { peerId: peerId as PeerId }),
      enableRemoteHeadsGossiping: true,
    });
    this.repo.subscribeToRemotes([...remotes] as StorageId[]);
    living.add(this);
  }

  begin(text = ""): DocHandle<Notes> {
    return this.repo.create<Notes>({ text });
  }

  /** A new document, once the relay has it: others are told until then that there is none. */
  async begun(text = ""): Promise<DocHandle<Notes>> {
    return saved(this.begin(text));
  }

  /** The document, once the relay or somebody else has it; fails as the client does, where there is none. */
  async find(url: AutomergeUrl): Promise<DocHandle<Notes>> {
    return this.repo.find<Notes>(url);
  }

  /** Its socket breaks, where it has one that is open; it comes back by itself. */
  cut(): void {
    const socket = this.#adapter.socket as unknown as WebSocket | undefined;
    if (socket?.readyState === WebSocket.OPEN) socket.terminate();
  }

  goOffline(): void {
    if (!this.#isOnline) return;
    this.#isOnline = false;
    this.repo.networkSubsystem.removeNetworkAdapter(this.#adapter);
  }

  goOnline(relay: Pick<RelayProcess, "socketUrl">): void {
    if (this.#isOnline) return;
    this.#isOnline = true;
    this.#adapter = adapterTo(relay);
    this.repo.networkSubsystem.addNetworkAdapter(this.#adapter);
  }

  end(): void {
    living.delete(this);
    this.goOffline();
  }
}

function adapterTo(relay: Pick<RelayProcess, "socketUrl">): WebSocketClientAdapter {
  return new WebSocketClientAdapter(relay.socketUrl("/automerge"), retryMs);
}

/** Once what it has now is on the disks of `remote`, as it was told. */
export async function saved(handle: DocHandle<Notes>, remote: (typeof remotes)[number] = "inkmesh/saved"): Promise<DocHandle<Notes>> {
  const heads = handle.heads().join();
  const told = (): string | undefined => handle.getSyncInfo(remote as StorageId)?.lastHeads.join();
  await until(`the heads of ${remote} are those that it had`, () => told() === heads, { seen: () => [heads, told()] });
  return handle;
}

/** Types `text` at `at`, or at the end. */
export function type(handle: DocHandle<Notes>, text: string, at?: number): void {
  handle.change((draft) => splice(draft, ["text"], Math.min(at ?? Infinity, draft.text.length), 0, text));
}

export function textOf(handle: DocHandle<Notes>): string {
  return handle.doc().text;
}

/** Waits until all of `handles` have the same heads, and `condition` holds of what they say. */
export async function haveConverged(
  handles: readonly DocHandle<Notes>[],
  condition: (text: string) => boolean,
  what: string,
): Promise<string> {
  const agree = (): boolean => new Set(handles.map((handle) => handle.heads().join())).size === 1 && condition(textOf(handles[0]!));
  await until(what, agree, { seen: () => handles.map(textOf), timeoutMs: 15_000 });
  return textOf(handles[0]!);
}
