import { afterEach, expect, test } from "vitest";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, MeshId, RelayId, RingId } from "@inkmesh/shared/base/ids";
import { meshOrderMark } from "@inkmesh/shared/wire/mesh-order-mark";
import { firstRing } from "../../../server/core/membership/belonging.ts";
import type { MeshView } from "../../../server/core/peers/mesh-view.ts";
import { anEdge, edgeSecret } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

const place = { weight: 1, zone: "" };
const self = "a.0000000000000000" as ActorId;
const ring = ["b", "c"].reduce((joined, relay) => joined.join(relay as RelayId, place), firstRing("a" as RelayId, place));
const unlinked = { isLinked: false, sessions: undefined, version: undefined, release: undefined };
const life = { incarnation: 0, sinceMs: 0, address: "", roundTripMs: undefined, backlogBytes: 0, heardMs: 0, ...unlinked };
const view: MeshView = {
  ...{ self, mesh: "0011223344556677" as MeshId, address: "ws://a/mesh", ring, addresses: [], localHealth: 0, heldBytes: 0 },
  software: { release: "1.2.3", version: 9 },
  members: [
    { ...life, relay: "a" as RelayId, actor: self, state: "alive" },
    { ...life, relay: "b" as RelayId, actor: "b.0000000000000001" as ActorId, state: "dead" },
    { ...life, relay: "c" as RelayId, actor: "c.0000000000000001" as ActorId, state: "alive" },
  ],
};

const order = (relay: string, changes: { actor?: string; ring?: string } = {}) => ({
  ...{ actor: self, ring: ring.id, relay: relay as RelayId },
  ...(changes as { actor?: ActorId; ring?: RingId }),
});

test.each([
  ["of a relay that has ended", "b", order("b"), edgeSecret, 202],
  ["of one that nobody knows", "d", order("d"), edgeSecret, 404],
  ["of one that is there", "c", order("c"), edgeSecret, 409],
  ["of the one that is asked", "a", order("a"), edgeSecret, 409],
  ["of no relay", "B%20", order("B "), edgeSecret, 404],
  ["with another secret", "b", order("b"), new Uint8Array(32), 403],
  ["with the mark for another relay", "b", order("c"), edgeSecret, 403],
  ["that was meant for another life", "b", order("b", { actor: "a.0000000000000009" }), edgeSecret, 403],
  ["under a ring that is over", "b", order("b", { ring: "0000000000000000" }), edgeSecret, 403],
] as const)("an order to forget %s", async (_, relay, said, secret, status) => {
  edge = await anEdge({ mesh: view });
  const headers = { "Inkmesh-Mark": hexOf(meshOrderMark({ order: "forget", ...said }, secret)) };
  const answer = await fetch(`${edge.address}/api/mesh/relays/${relay}`, { method: "DELETE", headers });
  expect(answer.status).toBe(status);
  expect(edge.ofType("forget-relay")).toEqual(status === 202 ? [{ type: "forget-relay", relay: "b" }] : []);
});

test("an order without a mark changes nothing", async () => {
  edge = await anEdge({ mesh: view });
  expect((await fetch(`${edge.address}/api/mesh/relays/b`, { method: "DELETE" })).status).toBe(403);
  expect(edge.inputs).toEqual([]);
});

const all = { ...view, members: view.members.map((member) => ({ ...member, isLinked: true, state: "alive" as const })) };
const alone = firstRing("a" as RelayId, place);
const others = ["b", "c"] as const;
const allLeave = others.reduce((left, relay) => left.advance(relay as RelayId, "leaving"), ring);

test.each([
  ["is obeyed where others have a place", ring, "drain", edgeSecret, 202],
  ["that is given again is obeyed", ring.advance("a" as RelayId, "leaving"), "drain", edgeSecret, 202],
  ["that is given when it is done is obeyed", ring.advance("a" as RelayId, "left"), "drain", edgeSecret, 202],
  ["is refused where there is nobody else", alone, "drain", edgeSecret, 409],
  ["is refused where all others leave", allLeave, "drain", edgeSecret, 409],
  ["is refused to a relay that was forgotten", ring.forget("a" as RelayId), "drain", edgeSecret, 404],
  ["is refused with another secret", ring, "drain", new Uint8Array(32), 403],
  ["is refused with a mark for another order", ring, "forget", edgeSecret, 403],
] as const)("an order to drain %s", async (_, known, name, secret, status) => {
  edge = await anEdge({ mesh: { ...all, ring: known } });
  const mark = meshOrderMark({ order: name, actor: self, ring: known.id, relay: "a" as RelayId }, secret);
  const answer = await fetch(`${edge.address}/api/mesh/drain`, { method: "POST", headers: { "Inkmesh-Mark": hexOf(mark) } });
  expect(answer.status).toBe(status);
  expect(edge.ofType("drain")).toEqual(status === 202 ? [{ type: "drain" }] : []);
});

test("an order to drain is refused while another relay with a place is dead: nothing could be saved until it is back", async () => {
  edge = await anEdge({ mesh: view });
  const mark = meshOrderMark({ order: "drain", actor: self, ring: ring.id, relay: "a" as RelayId }, edgeSecret);
  const answer = await fetch(`${edge.address}/api/mesh/drain`, { method: "POST", headers: { "Inkmesh-Mark": hexOf(mark) } });
  expect([answer.status, await answer.json()]).toMatchObject([409, { error: { code: "RELAY_AWAY", detail: "b" } }]);
  expect(edge.inputs).toEqual([]);
});
