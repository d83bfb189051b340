/**
 * A client in a process of its own, for `client-killed.test.ts`: edits a document whose device store is a folder, as its
 * plan says, and ends itself with SIGKILL at a step of the way that its edits take.
 *
 *     away-client.ts <folder> <relay address> <plan as JSON>
 */
import { Inkmesh } from "@inkmesh/client";
import { FileStore } from "@inkmesh/client/file-store";
import { WebSocket } from "ws";

export interface Plan {
  /** Appended, each as an edit of its own. */
  readonly words: readonly string[];
  /** Deleted, each as an edit of its own, after that. */
  readonly cuts: readonly (readonly [index: number, length: number])[];
  /** When to die; `synced`: not at all, but it leaves when nothing waits and the relay's part is here. */
  readonly dieAt: "typed" | "on-device" | "sent" | "saved" | "synced";
}

const [folder = "", url = "", json = ""] = process.argv.slice(2);
const { words, cuts, dieAt } = JSON.parse(json) as Plan;
const die = (): void => void process.kill(process.pid, "SIGKILL");
let isTyped = false;

/** Says when the first frame after typing has left. */
class WatchedWebSocket extends WebSocket {
  constructor(address: string) {
    super(address);
    const send = this.send.bind(this) as (...args: unknown[]) => void;
    this.send = (...args: unknown[]) => {
      send(...args);
      // The frame is handed to the system in this task.
      if (isTyped && dieAt === "sent") setImmediate(die);
    };
  }
}

const mesh = new Inkmesh({ url, WebSocket: WatchedWebSocket, store: new FileStore(folder) });
const room = mesh.open("r");
await (dieAt === "synced" ? room.whenSynced : room.whenLoaded);
const text = room.doc.getText("t");
room.on("status", ({ notOnDevice, waiting }) => {
  if (!isTyped) return;
  if (dieAt === "on-device" && notOnDevice === 0) die();
  if (dieAt === "saved" && waiting === 0) die();
});
for (const word of words) text.insert(text.length, word);
for (const [index, length] of cuts) text.delete(index, length);
isTyped = true;
// The edits of a turn are handed to the disk at its end.
if (dieAt === "typed") setImmediate(die);
if (dieAt === "synced") {
  // Also what earlier lives left.
  while (room.status.waiting > 0) await new Promise((changed) => room.on("status", changed));
  await mesh.close();
}
