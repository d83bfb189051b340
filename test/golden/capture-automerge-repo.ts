/**
 * Captures what the released automerge-repo client puts on the wire, as hex, into `automerge-repo.json` beside this file: it does small things
 * against a recording server that answers with that client's own coding. Names of peers and of storages are fixed; documents, actors and sessions
 * are drawn by the client, so that the bytes differ from run to run. To capture anew (after another version was installed):
 *
 *     npx tsx test/golden/capture-automerge-repo.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cbor, Repo, type NetworkAdapterInterface, type PeerId, type StorageId } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { generateSyncMessage, init, initSyncState, receiveSyncMessage } from "automerge";
import { RecordingServer, type RecordedFrame } from "./recording-server.ts";

export interface Capture {
  readonly client: string;
  readonly frames: readonly RecordedFrame[];
}

const packageFile = new URL("../../node_modules/@automerge/automerge-repo-network-websocket/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { readonly version: string };
const elsewhere = "4ZrjxJnU1LA5xSyrWMNuXTozYEvA";

const server = await RecordingServer.start();
const { client: repo, socket } = await server.opened(
  () =>
    new Repo({
      peerId: "a-client" as PeerId,
      network: [new WebSocketClientAdapter(server.address) as unknown as NetworkAdapterInterface],
      enableRemoteHeadsGossiping: true,
    }),
);
const say = (message: Record<string, unknown>): void => socket.send(cbor.encode({ senderId: "a-relay", targetId: "a-client", ...message }));

await server.perform("open", 1, () => {});
await server.perform("looking for a document that it does not have", 1, () => {
  say({ type: "peer", peerMetadata: { storageId: "a-store", isEphemeral: false }, selectedProtocolVersion: "1" });
  void repo.find(`automerge:${elsewhere}` as never).catch(() => {});
});
const text = repo.create<{ text: string }>({ text: "h" });
await server.perform("a document of its own", 1, () => {});
await server.perform("asked for all of it", 1, () => {
  const { data } = cbor.decode<{ data: Uint8Array }>(Buffer.from(server.frames.at(-1)!.hex, "hex"));
  const [document, state] = receiveSyncMessage(init(), initSyncState(), Uint8Array.from(data));
  say({ type: "sync", documentId: text.documentId, data: generateSyncMessage(document, state)[1]! });
});
await server.perform("words to all", 1, () => text.broadcast({ hear: "me" }));
await server.perform("wanting to hear of disks", 1, () => repo.subscribeToRemotes(["quorum-2of3" as StorageId]));
await server.perform("asked for what it does not have either", 2, () => {
  say({ type: "request", documentId: "pEbmSWqJdBuPadRGm8tDZXgWR6", data: generateSyncMessage(init(), initSyncState())[1]! });
});
const captures: readonly Capture[] = [{ client: `automerge-repo ${version}`, frames: server.frames }];
writeFileSync(new URL("./automerge-repo.json", import.meta.url), `${JSON.stringify(captures, undefined, 2)}\n`);
process.exit(0);
