/**
 * Real relays that stand in zones: of the copies of a document no two are in one zone while another zone has none.
 */
import { afterEach, expect, test } from "vitest";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { changeRoom, contentOf } from "../harness/relay-api.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

afterEach(async () => {
  await endInkClients();
  await endRelays();
});

const zones: Readonly<Record<string, string>> = { a: "cellar", b: "cellar", c: "attic" };
const names = Object.keys(zones);
const documents = Array.from({ length: 16 }, (_, index) => `note ${index}`);

/** The zones that hold each document, as the list of all relays says. */
async function heldIn(asked: MeshProcess): Promise<Readonly<Record<string, string>>> {
  const answer = await (await fetch(`${asked.url}/api/rooms?limit=100`)).json();
  const { rooms } = answer as { readonly rooms: readonly { readonly room: string; readonly heldBy: readonly string[] }[] };
  return Object.fromEntries(
    rooms.map(({ room, heldBy }) => [
      room,
      heldBy
        .map((relay) => zones[relay])
        .toSorted()
        .join(" and "),
    ]),
  );
}

test(
  "[P2] [P4] with two copies each, every document is in both zones, and all are there when one zone is lost",
  { timeout: 90_000 },
  async () => {
    const planned = Object.values(await relaysToStart({ a: [], b: [], c: [] }));
    const join = planned.flatMap(({ meshAddress }) => ["--join", meshAddress]);
    const relays = planned.map((relay) => relay.againWith({ args: [...join, "--replicas", "2", "--zone", zones[relay.name]!] }));
    const [a, b, c] = relays as [MeshProcess, MeshProcess, MeshProcess];
    await startMesh(relays);
    const records = (await b.view()).ring.records.map(({ relay, zone }) => [relay, zone]);
    expect(Object.fromEntries(records)).toEqual(zones);
    for (const [index, room] of documents.entries()) {
      expect(await changeRoom(relays[index % 3]!, "POST", room)).toBe(201);
      const client = await new InkClient(relays[index % 3]!, room).synced();
      client.insert(0, room);
      await client.saved();
      expect(client.room.status).toMatchObject({ copies: 2, replicas: 2, needed: 2 });
      await client.end();
    }
    // The attic's one relay has a copy of each, the two in the cellar share the others.
    expect(await heldIn(a)).toEqual(Object.fromEntries(documents.map((room) => [room, "attic and cellar"])));
    await Promise.all([a.end("SIGKILL"), b.end("SIGKILL")]);
    for (const room of documents) expect(await contentOf(c, room)).toBe(room);
  },
);

test("a relay that is started in another zone stands there from then on", { timeout: 60_000 }, async () => {
  const relays = Object.values(await relaysToStart({ a: names, b: names, c: names }));
  await startMesh(relays);
  const [a, , c] = relays as [MeshProcess, MeshProcess, MeshProcess];
  await c.end("SIGTERM");
  const moved = c.againWith({ args: ["--zone", "roof"] });
  await moved.start();
  await becomeOneMesh([...relays.slice(0, 2), moved]);
  const zoneAt = async (relay: MeshProcess): Promise<string | undefined> =>
    (await relay.view()).ring.records.find((record) => record.relay === "c")?.zone;
  await until("all know where c stands", async () => (await zoneAt(a)) === "roof" && (await zoneAt(moved)) === "roof");
});
