/**
 * Captures what released y-websocket clients put on the wire, as hex, into `y-websocket.json` beside this file. Every
 * client does the same small things against a recording server, with a fixed clientID, so that the bytes are the same
 * at every run. To capture anew (after adding a version):
 *
 *     npx tsx test/golden/capture-y-websocket.ts
 */
import { writeFileSync } from "node:fs";
import { WebSocket } from "ws";
import type { Awareness } from "y-protocols/awareness";
import { WebsocketProvider as Provider31 } from "y-websocket";
import { WebsocketProvider as Provider1 } from "y-websocket-1";
import { WebsocketProvider as Provider2 } from "y-websocket-2";
import { WebsocketProvider as Provider30 } from "y-websocket-3.0";
import * as Y from "yjs";
import { type RecordedFrame, RecordingServer } from "./recording-server.ts";

export interface Capture {
  readonly client: string;
  /** The request target of the upgrade. */
  readonly path: string;
  readonly frames: readonly RecordedFrame[];
}

interface Provider {
  readonly awareness: Awareness;
  destroy(): void;
}
type ProviderConstructor = new (url: string, room: string, doc: Y.Doc, options: object) => Provider;

const versions: readonly (readonly [string, unknown])[] = [
  ["1.5.4", Provider1],
  ["2.1.0", Provider2],
  ["3.0.0", Provider30],
  ["3.1.0", Provider31],
];

const emptyStateVector = [0x00, 0x00, 0x01, 0x00];
/** Awareness of clientID 7, clock 1, state {"user":{"name":"Ada"}}. */
const awarenessOfSomebody = Buffer.concat([Buffer.from([0x01, 0x1b, 0x01, 0x07, 0x01, 0x17]), Buffer.from('{"user":{"name":"Ada"}}')]);

async function capture(version: string, constructor: ProviderConstructor): Promise<Capture> {
  const server = await RecordingServer.start();
  const doc = new Y.Doc();
  doc.clientID = 1;
  const settings = { WebSocketPolyfill: WebSocket, disableBc: true, params: { token: "t" } };
  const { client: provider, socket, path } = await server.opened(() => new constructor(server.address, "a/b c", doc, settings));

  await server.perform("open", 2, () => {});
  await server.perform("the server's step 1, nothing written", 1, () => socket.send(Buffer.from(emptyStateVector)));
  await server.perform("typing hi", 1, () => doc.getText("t").insert(0, "hi"));
  await server.perform("deleting h", 1, () => doc.getText("t").delete(0, 1));
  await server.perform("setting a name", 1, () => provider.awareness.setLocalStateField("user", { name: "Ink" }));
  await server.perform("somebody else's awareness, echoed", 1, () => socket.send(awarenessOfSomebody));
  await server.perform("the server's step 1, something written", 1, () => socket.send(Buffer.from(emptyStateVector)));
  await server.perform("leaving", 1, () => provider.awareness.setLocalState(null));
  const captured = { client: `y-websocket ${version}`, path, frames: [...server.frames] };

  provider.destroy();
  doc.destroy();
  await server.end();
  return captured;
}

const captures: Capture[] = [];
for (const [version, constructor] of versions) captures.push(await capture(version, constructor as ProviderConstructor));
writeFileSync(new URL("./y-websocket.json", import.meta.url), `${JSON.stringify(captures, undefined, 2)}\n`);
