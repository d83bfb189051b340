// Adds a line to a shared document and waits until a relay has it on disk:
//   node main.mjs http://127.0.0.1:4400 notes "a line"
import { Inkmesh } from "@inkmesh/client";
import { FileStore } from "@inkmesh/client/file-store";
import { WebSocket } from "ws";

const [url = "http://127.0.0.1:4400", name = "notes", line = "written by a program"] = process.argv.slice(2);
const mesh = new Inkmesh({ url, WebSocket, store: new FileStore("./inkmesh-device") });
const room = mesh.open(name);
await room.whenSynced;
const text = room.doc.getText("text");
text.insert(text.length, `${line}\n`);
await room.whenSaved();
console.log(`saved on ${room.status.copies} of ${room.status.replicas}\n${text.toString()}`);
await mesh.close();
