/**
 * Captures what released Hocuspocus providers put on the wire, as hex, into `hocuspocus.json` beside this file. Every version does the
 * same small things against a recording server, with a fixed clientID, so that the bytes are the same at every run. To capture anew
 * (after adding a version):
 *
 *     npx tsx test/golden/capture-hocuspocus.ts
 */
import { writeFileSync } from "node:fs";
import * as Y from "yjs";
import { hocuspocusVersions, HocuspocusClient, HocuspocusSocket, type HocuspocusVersion } from "../harness/hocuspocus-client.ts";
import { type RecordedFrame, RecordingServer } from "./recording-server.ts";

export interface Capture {
  readonly client: string;
  readonly frames: readonly RecordedFrame[];
}

const room = "a/b c";
const named = (hex: string): Buffer => Buffer.concat([Buffer.from([room.length]), Buffer.from(room), Buffer.from(hex, "hex")]);

async function capture(version: HocuspocusVersion): Promise<Capture> {
  const server = await RecordingServer.start();
  const doc = new Y.Doc();
  doc.clientID = 1;
  const { client, socket } = await server.opened(() => {
    const line = new HocuspocusSocket({ socketUrl: (path) => `${server.address}${path}` }, version);
    return new HocuspocusClient(line.relay, room, { socket: line, doc, token: "a token" });
  });

  await server.perform("open", 3, () => {});
  await server.perform("authenticated, and the server's step 1, nothing written", 1, () => {
    socket.send(named(`02020a${Buffer.from("read-write").toString("hex")}`));
    socket.send(named("00000100"));
  });
  await server.perform("typing hi", 1, () => doc.getText("t").insert(0, "hi"));
  await server.perform("deleting h", 1, () => doc.getText("t").delete(0, 1));
  await server.perform("setting a name", 1, () => client.awareness.setLocalStateField("user", { name: "Ink" }));
  await server.perform("asked who is there", 1, () => socket.send(named("03")));
  await server.perform("words to all", 1, () => client.provider.sendStateless("hear me"));
  if (version.startsWith("4.")) await server.perform("a ping", 1, () => socket.send(Buffer.from([9])));
  await server.perform("asking anew", 1, () => client.provider.forceSync());
  await server.perform("leaving", version.startsWith("2.") ? 3 : 2, () => client.end());
  const captured = { client: `@hocuspocus/provider ${version}`, frames: [...server.frames] };

  client.line.end();
  await server.end();
  return captured;
}

const captures: Capture[] = [];
for (const version of hocuspocusVersions) captures.push(await capture(version));
writeFileSync(new URL("./hocuspocus.json", import.meta.url), `${JSON.stringify(captures, undefined, 2)}\n`);
