/**
 * Captures what released Hocuspocus providers put on the wire, as hex, into `hocuspocus.json` beside this file. Every version does the
 * same small things against a recording server, with a fixed clientID, so that the bytes are the same at every run. To capture anew
 * (after adding a version):
 *
 *     npx tsx test/golden/capture-hocuspocus.ts
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import * as Y from "yjs";
import { hocuspocusVersions, HocuspocusClient, HocuspocusSocket, type HocuspocusVersion } from "../harness/hocuspocus-client.ts";

export interface Capture {
  readonly client: string;
  readonly frames: readonly { readonly after: string; readonly hex: string }[];
}

const room = "a/b c";
const named = (hex: string): Buffer => Buffer.concat([Buffer.from([room.length]), Buffer.from(room), Buffer.from(hex, "hex")]);

async function capture(version: HocuspocusVersion): Promise<Capture> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const doc = new Y.Doc();
  doc.clientID = 1;
  const frames: { after: string; hex: string }[] = [];
  let step = "open";
  const opened = once(server, "connection") as Promise<[WebSocket]>;
  const { port } = server.address() as AddressInfo;
  const line = new HocuspocusSocket({ socketUrl: (path) => `ws://127.0.0.1:${port}${path}` }, version);
  const client = new HocuspocusClient(line.relay, room, { socket: line, doc, token: "a token" });
  const [socket] = await opened;
  socket.on("message", (bytes: Buffer) => frames.push({ after: step, hex: bytes.toString("hex") }));
  const perform = async (name: string, expected: number, action: () => void): Promise<void> => {
    step = name;
    const before = frames.length;
    action();
    while (frames.length < before + expected) await once(socket, "message");
  };

  await perform("open", 3, () => {});
  await perform("authenticated, and the server's step 1, nothing written", 1, () => {
    socket.send(named(`0202${"0a"}${Buffer.from("read-write").toString("hex")}`));
    socket.send(named("00000100"));
  });
  await perform("typing hi", 1, () => doc.getText("t").insert(0, "hi"));
  await perform("deleting h", 1, () => doc.getText("t").delete(0, 1));
  await perform("setting a name", 1, () => client.awareness.setLocalStateField("user", { name: "Ink" }));
  await perform("asked who is there", 1, () => socket.send(named("03")));
  await perform("words to all", 1, () => client.provider.sendStateless("hear me"));
  if (version.startsWith("4.")) await perform("a ping", 1, () => socket.send(Buffer.from([9])));
  await perform("asking anew", 1, () => client.provider.forceSync());
  await perform("leaving", version.startsWith("2.") ? 3 : 2, () => client.end());
  const captured = { client: `@hocuspocus/provider ${version}`, frames: [...frames] };

  line.end();
  for (const each of server.clients) each.terminate();
  server.close();
  await once(server, "close");
  return captured;
}

const captures: Capture[] = [];
for (const version of hocuspocusVersions) captures.push(await capture(version));
writeFileSync(new URL("./hocuspocus.json", import.meta.url), `${JSON.stringify(captures, undefined, 2)}\n`);
