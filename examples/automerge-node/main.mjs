/**
 * Adds a line to an Automerge document with the released automerge-repo client, and says when it is saved on enough relays.
 *   node examples/automerge-node/main.mjs ws://127.0.0.1:4400 [automerge:… ] [line]
 */
import { Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";

const [relay = "ws://127.0.0.1:4400", url, line = "a line of a program"] = process.argv.slice(2);
const saved = "inkmesh/saved";

const repo = new Repo({ network: [new WebSocketClientAdapter(`${relay}/automerge`)], enableRemoteHeadsGossiping: true });
repo.subscribeToRemotes([saved]);

const handle = url === undefined ? repo.create({ text: "" }) : await repo.find(url);
handle.change((draft) => {
  draft.text = `${draft.text}${line}\n`;
});
const heads = handle.heads().join();
while (handle.getSyncInfo(saved)?.lastHeads.join() !== heads) await new Promise((resolve) => setTimeout(resolve, 20));
console.log(`${handle.url} is saved:\n${handle.doc().text}`);
process.exit(0);
