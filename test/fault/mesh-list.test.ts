/**
 * The list of documents over three real relays that keep one copy of each, so that none of them has all.
 */
import { afterEach, expect, test } from "vitest";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

afterEach(endRelays);

const names = ["a", "b", "c"];
const documents = Array.from({ length: 12 }, (_, index) => `note ${String(index).padStart(2, "0")}`);

interface Listing {
  readonly rooms: readonly { readonly room: string; readonly heldBy: readonly string[] }[];
  readonly next?: string;
  readonly unanswered: readonly string[];
}

async function list(relay: MeshProcess, query = ""): Promise<Listing> {
  return (await (await fetch(`${relay.url}/api/rooms?${query}`)).json()) as Listing;
}

/**
 * Of all relays; one that is late is asked again. Of a document that the ring placed on it only a moment ago a relay does not say that it holds
 * it before it has compared with those where it was placed before, even though it has just been created there.
 */
async function wholeList(relay: MeshProcess): Promise<Listing["rooms"]> {
  let listing: Listing = { rooms: [], unanswered: [] };
  const isWhole = async (): Promise<boolean> => {
    listing = await list(relay);
    return listing.unanswered.length === 0 && listing.rooms.every(({ heldBy }) => heldBy.length > 0);
  };
  await until(`relay ${relay.name} lists all documents with who holds them`, isWhole, { seen: () => listing });
  return listing.rooms;
}

test("each relay lists the documents of all, and says whose are missing when one is dead", async () => {
  const planned = Object.values(await relaysToStart({ a: [], b: [], c: [] }));
  const join = planned.flatMap(({ meshAddress }) => ["--join", meshAddress]);
  const relays = planned.map((relay) => relay.againWith({ args: [...join, "--replicas", "1"] }));
  await Promise.all(relays.map((relay) => relay.start()));
  await becomeOneMesh(relays);
  for (const [index, room] of documents.entries()) {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ room }) };
    const response = await fetch(`${relays[index % 3]!.url}/api/rooms`, init);
    expect(response.status).toBe(201);
  }
  // A relay that does not answer within its second is named, and of what only it holds nobody says who does.
  const heldBy = new Map((await wholeList(relays[0]!)).map(({ room, heldBy: holders }) => [room, holders[0]]));
  expect(new Set(heldBy.values())).toEqual(new Set(names));
  for (const relay of relays) expect((await wholeList(relay)).map(({ room }) => room)).toEqual(documents);
  const first = await list(relays[1]!, "limit=5");
  const second = await list(relays[1]!, `limit=7&after=${encodeURIComponent(first.next!)}`);
  expect([...first.rooms, ...second.rooms].map(({ room }) => room)).toEqual(documents);

  await relays[2]!.end("SIGKILL");
  await until("the dead one is missed", async () => (await list(relays[0]!)).unanswered.join() === "c");
  const left = (await list(relays[0]!)).rooms.map(({ room }) => room);
  for (const room of documents) if (heldBy.get(room) !== "c") expect(left).toContain(room);
});
