/**
 * A client in a process of its own, for `client-killed.test.ts`: types numbered words into a document whose device store
 * is a folder, and prints each number as soon as the status calls everything typed on this device.
 *
 *     typing-client.ts <folder> <relay address> <first number>
 */
import { Inkmesh } from "@inkmesh/client";
import { FileStore } from "@inkmesh/client/file-store";
import { WebSocket } from "ws";

const [folder = "", url = "", first = "1"] = process.argv.slice(2);
const mesh = new Inkmesh({ url, WebSocket, store: new FileStore(folder) });
const room = mesh.open("r");
await room.whenLoaded;
const text = room.doc.getText("t");
let typed = Number(first) - 1;
let told = typed;

function typeOne(): void {
  typed += 1;
  text.insert(text.length, `<${typed}>`);
}

room.on("status", ({ notOnDevice }) => {
  if (notOnDevice > 0 || told === typed) return;
  told = typed;
  process.stdout.write(`${told}\n`);
  setTimeout(typeOne, 0);
});
typeOne();
