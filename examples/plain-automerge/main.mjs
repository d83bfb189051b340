// Adds a task to a shared Automerge document and waits until a relay has it on disk:
//   node main.mjs http://127.0.0.1:4400 "" "a task"                      begins a document, and says what it is called
//   node main.mjs http://127.0.0.1:4400 automerge:… "another task"
import { Inkmesh } from "@inkmesh/client";
import { AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import { FileStore } from "@inkmesh/client/file-store";
import { WebSocket } from "ws";

const [url = "http://127.0.0.1:4400", name = "", task = "written by a program"] = process.argv.slice(2);
await loadAutomerge();
const mesh = new Inkmesh({ url, WebSocket, store: new FileStore("./inkmesh-device") });
const handle = new AutomergeHandle();
const room = mesh.open(name || newAutomergeRoom(), { doc: handle });
await room.whenSynced;
handle.change((doc) => {
  doc.tasks ??= [];
  doc.tasks.push(task);
});
await room.whenSaved();
console.log(`${room.name} saved on ${room.status.copies} of ${room.status.replicas}\n${handle.doc().tasks.join("\n")}`);
await mesh.close();
