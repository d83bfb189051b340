/**
 * A client that dies: whatever it called "on this device" is in its folder, and reaches a relay with the next life.
 */
import { spawn } from "node:child_process";
import { Inkmesh } from "@inkmesh/client";
import { FileStore } from "@inkmesh/client/file-store";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { MetricsReading } from "../harness/relay-api.ts";
import { endRelays, projectRoot, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import type { Plan } from "./away-client.ts";

afterEach(() => endRelays());

const rounds = process.env["INKMESH_LONG"] === "1" ? 30 : 4;
const typingClient = new URL("./typing-client.ts", import.meta.url).pathname;
const awayClient = new URL("./away-client.ts", import.meta.url).pathname;
const loaders = ["--conditions=inkmesh-source", "--import", "tsx"];

/** Lets a client type until it said `reports` numbers and `moreMs` more; kills it; answers the last number said. */
function typeAndKill(folder: string, first: number, reports: number, moreMs: number): Promise<number> {
  const child = spawn(process.execPath, [...loaders, typingClient, folder, "ws://127.0.0.1:1", String(first)], {
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

/** Runs a client until it ends itself. */
function live(folder: string, url: string, plan: Partial<Plan>): Promise<void> {
  const whole: Plan = { words: [], cuts: [], dieAt: "on-device", ...plan };
  const child = spawn(process.execPath, [...loaders, awayClient, folder, url, JSON.stringify(whole)], {
    cwd: projectRoot,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code, signal) => (signal === "SIGKILL" || code === 0 ? done() : fail(new Error(`it ended with ${code ?? signal}`))));
  });
}

async function textOn(relay: RelayProcess): Promise<string> {
  const mesh = new Inkmesh({ url: relay.url, WebSocket });
  const room = mesh.open("r");
  await room.whenSynced;
  const text = room.doc.getText("t").toString();
  await mesh.close();
  return text;
}

const admitted = async (relay: RelayProcess): Promise<number> => (await MetricsReading.of(relay)).value("inkmesh_updates_admitted_total");
const nowhere = "ws://127.0.0.1:1";
const hundreds = (of: string): string[] => Array.from({ length: 300 }, (_, index) => `<${of}${index}>`);

describe("[P7] a client that dies", () => {
  test.each(["typed", "on-device", "sent", "saved"] as const)(
    "when its edits are %s: the next life sends each of them once",
    async (dieAt) => {
      const relay = await startRelayProcess();
      const folder = temporaryFolder("device");
      const words = hundreds("w").slice(0, 50);
      await live(folder, dieAt === "typed" || dieAt === "on-device" ? nowhere : relay.url, { words, dieAt });
      await live(folder, relay.url, { dieAt: "synced" });
      // What was only handed to the disk when it died may have reached it or not, as a whole.
      const text = await textOn(relay);
      if (dieAt === "typed") expect(["", words.join("")]).toContain(text);
      else expect(text).toBe(words.join(""));
      expect(await admitted(relay)).toBe(text === "" ? 0 : 50);
    },
  );
});

describe("[P7] two devices that were away", () => {
  test("with hundreds of edits each, killed and started again: both have all of it, once, letter by letter", async () => {
    const relay = await startRelayProcess();
    const [left, right] = [temporaryFolder("device"), temporaryFolder("device")];
    await live(left, relay.url, { words: ["begin."], dieAt: "synced" });
    await live(right, relay.url, { dieAt: "synced" });
    const typed = { left: hundreds("l"), right: hundreds("r") };
    for (const [folder, words] of [
      [left, typed.left],
      [right, typed.right],
    ] as const) {
      await live(folder, nowhere, { words: words.slice(0, 150) });
      await live(folder, nowhere, { words: words.slice(150) });
    }
    await live(left, relay.url, { dieAt: "synced" });
    await live(right, relay.url, { dieAt: "synced" });
    await live(left, relay.url, { dieAt: "synced" });
    const text = await textOn(relay);
    // Two appended at the same place: either may stand first, neither is torn.
    const [one, other] = [typed.left.join(""), typed.right.join("")];
    expect([`begin.${one}${other}`, `begin.${other}${one}`]).toContain(text);
    expect(await wholeTextOn(left)).toBe(text);
    expect(await wholeTextOn(right)).toBe(text);
    expect(await admitted(relay)).toBe(601);
  });

  test("with deletions only: both are made, and nothing else", async () => {
    const relay = await startRelayProcess();
    const [left, right] = [temporaryFolder("device"), temporaryFolder("device")];
    const words = Array.from({ length: 200 }, (_, index) => String.fromCodePoint(97 + (index % 26)));
    await live(left, relay.url, { words, dieAt: "synced" });
    await live(right, relay.url, { dieAt: "synced" });
    const before = await admitted(relay);
    // From the end, so that an index means the same letter whatever was deleted before.
    const everyFourth = (first: number) => words.flatMap((_, index) => (index % 4 === first ? [[index, 1] as const] : [])).toReversed();
    await live(left, nowhere, { cuts: everyFourth(1) });
    await live(right, nowhere, { cuts: everyFourth(2) });
    for (const folder of [left, right, left]) await live(folder, relay.url, { dieAt: "synced" });
    const text = words.filter((_, index) => index % 4 !== 1 && index % 4 !== 2).join("");
    expect([await textOn(relay), await wholeTextOn(left), await wholeTextOn(right)]).toEqual([text, text, text]);
    expect((await admitted(relay)) - before).toBe(100);
  });
});

async function wholeTextOn(folder: string): Promise<string> {
  const store = new FileStore(folder);
  const { updates, outbox } = await store.load("r");
  await store.close();
  const doc = new Y.Doc();
  for (const update of [...updates, ...outbox.map((entry) => entry.bytes)]) Y.applyUpdate(doc, update);
  return doc.getText("t").toString();
}
