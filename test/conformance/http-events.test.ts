/**
 * Programs that listen to what happens to documents, at three relays of one mesh.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { EventReader } from "../harness/event-reader.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

const names = ["a", "b", "c"];
let relays: readonly [MeshProcess, MeshProcess, MeshProcess];

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: names, b: names, c: names })) as unknown as typeof relays;
  await startMesh(relays);
});
afterEach(() => endInkClients());
afterAll(() => endRelays());

const ask = async (relay: MeshProcess, path: string, method: string, body?: object): Promise<number> =>
  (
    await fetch(`${relay.url}/api/rooms${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  ).status;

test("each replica tells what was done at any of them, and with its token one reads what was told of", async () => {
  const readers = await Promise.all(relays.map((relay) => EventReader.at(relay.url, { query: "?room=told" })));
  expect(await ask(relays[0], "", "POST", { room: "told", title: "T" })).toBe(201);
  const client = await new InkClient(relays[1], "told").synced();
  client.insert(0, "words");
  await client.saved();
  expect(await ask(relays[2], "/told", "PATCH", { title: "U" })).toBe(200);
  for (const [at, reader] of readers.entries()) {
    await until(
      "it is told",
      () => reader.heard("created").length === 1 && reader.heard("renamed").length === 1 && reader.heard("changed").length > 0,
      { seen: () => reader.events },
    );
    const { token = "" } = reader.heard("changed").at(-1)!.data;
    const answer = await fetch(`${relays[(at + 1) % 3]!.url}/api/rooms/told/content`, { headers: { "Inkmesh-Token": token } });
    expect(await answer.text()).toBe("words");
  }
  expect(await ask(relays[1], "/told", "DELETE")).toBe(204);
  for (const reader of readers) await until("the deletion is told", () => reader.heard("deleted", "told").length === 1);
  expect(readers.flatMap((reader) => reader.heard("reset"))).toEqual([]);
  for (const reader of readers) reader.end();
});

test("a relay that stops ends what it tells at once, and is another one to who comes back to its next life", async () => {
  const reader = await EventReader.at(relays[2].url);
  const stopped = relays[2].end("SIGTERM");
  await until("it is over", () => reader.hasEnded);
  await stopped;
  await relays[2].start();
  await becomeOneMesh(relays);
  const back = await EventReader.at(relays[2].url, { after: reader.lastId });
  await until("it is told that something may be missed", () => back.heard("reset").length === 1);
  back.end();
});
