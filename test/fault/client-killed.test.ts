/**
 * A client that dies: whatever it called "on this device" is in its folder, and reaches a relay with the next life.
 */
import { spawn } from "node:child_process";
import { Inkmesh } from "@inkmesh/client";
import { FileStore } from "@inkmesh/client/file-store";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { endRelays, projectRoot, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";

afterEach(() => endRelays());

const rounds = process.env["INKMESH_LONG"] === "1" ? 30 : 4;
const program = new URL("./typing-client.ts", import.meta.url).pathname;

/** Lets a client type until it said `reports` numbers and `moreMs` more; kills it; answers the last number said. */
function typeAndKill(folder: string, first: number, reports: number, moreMs: number): Promise<number> {
  const loaders = ["--conditions=inkmesh-source", "--import", "tsx"];
  const child = spawn(process.execPath, [...loaders, program, folder, "ws://127.0.0.1:1", String(first)], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((done, fail) => {
    let said = "";
    child.on("error", fail);
    child.on("exit", () => done(Number(said.trimEnd().split("\n").at(-1))));
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      // The kill falls at any point of the writes that follow: a few ms later.
      if (said.split("\n").length > reports) setTimeout(() => child.kill("SIGKILL"), moreMs);
    });
  });
}

async function wordsOn(folder: string): Promise<string[]> {
  const store = new FileStore(folder);
  const { updates, outbox } = await store.load("r");
  await store.close();
  const doc = new Y.Doc();
  for (const update of [...updates, ...outbox.map((entry) => entry.bytes)]) Y.applyUpdate(doc, update);
  return doc.getText("t").toString().match(/<\d+>/g) ?? [];
}

test("[P7] kill -9 of a client loses nothing that it called on this device, and the next life sends it once", async () => {
  const folder = temporaryFolder("device");
  let last = 0;
  for (let round = 0; round < rounds; round++) {
    const told = await typeAndKill(folder, last + 1, 20 + round * 7, round * 3);
    const words = await wordsOn(folder);
    expect(words).toEqual(Array.from({ length: words.length }, (_, index) => `<${index + 1}>`));
    expect(words.length).toBeGreaterThanOrEqual(told);
    last = words.length;
  }
  const relay = await startRelayProcess();
  const mesh = new Inkmesh({ url: relay.url, WebSocket, store: new FileStore(folder) });
  const room = mesh.open("r");
  await expect.poll(() => room.status.phase, { timeout: 20_000 }).toBe("saved");
  await mesh.close();
  const reader = new Inkmesh({ url: relay.url, WebSocket });
  const copy = reader.open("r");
  await copy.whenSynced;
  expect(copy.doc.getText("t").toString()).toBe(Array.from({ length: last }, (_, index) => `<${index + 1}>`).join(""));
  await reader.close();
});
