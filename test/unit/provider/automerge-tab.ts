/**
 * A client with a document of Automerge open, against a relay that is a model.
 */
import { Inkmesh, type InkmeshOptions, type InkmeshRoom } from "@inkmesh/client";
import { Automerge, AutomergeHandle, newAutomergeRoom } from "@inkmesh/client/automerge";
import { vi } from "vitest";
import { aBeginning, type Note } from "../../property/provider/sim-document.ts";
import type { ModelNetwork } from "./model-web-socket.ts";

const open: Inkmesh[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((mesh) => mesh.close()));
}

export const name = newAutomergeRoom();

export function aMesh(network: ModelNetwork, options: Partial<InkmeshOptions> = {}): Inkmesh {
  const mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, ...options });
  open.push(mesh);
  return mesh;
}

export interface ATab {
  readonly handle: AutomergeHandle<Note>;
  readonly room: InkmeshRoom<AutomergeHandle<Note>>;
  readonly mesh: Inkmesh;
}

export function aTab(network: ModelNetwork, options: Partial<InkmeshOptions> = {}, handle = new AutomergeHandle<Note>(aBeginning())): ATab {
  const mesh = aMesh(network, options);
  return { mesh, handle, room: mesh.open(name, { doc: handle }) };
}

export const write = (handle: AutomergeHandle<Note>, words: string): void =>
  handle.change((draft) => Automerge.splice(draft as Automerge.Doc<Note>, ["text"], draft.text.length, 0, words));
export const type = ({ handle }: ATab | Pick<ATab, "handle">, words: string): void => write(handle, words);
export const read = ({ handle }: Pick<ATab, "handle">): string => handle.doc().text;
/** The text that is on the relay's disk, as somebody with nothing reads it. */
export const onRelay = (network: ModelNetwork): string | undefined =>
  network.relay.durable.reduce((doc, update) => Automerge.loadIncremental(doc, update), Automerge.init<Note>()).text;
export const soon = (holds: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!holds()) throw new Error(`not yet: ${holds.toString()}`);
    },
    { timeout: 5_000, interval: 2 },
  );
