/**
 * What a relay says of the mesh over HTTP.
 */
import type { ActorId, MeshId, RelayId } from "@inkmesh/shared/base/ids";
import { afterEach, expect, test } from "vitest";
import { firstRing } from "../../../server/core/membership/belonging.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

test("the mesh is this relay's view of it: the ring by its name, and each life that it remembers", async () => {
  const [a, b] = ["a.0000000000000001", "b.0000000000000002"] as [ActorId, ActorId];
  const ring = firstRing("a" as RelayId, { weight: 1, zone: "" }).join("b" as RelayId, { weight: 1, zone: "east" });
  const member = { incarnation: 0, sinceMs: 4_000, roundTripMs: undefined, backlogBytes: 0, heardMs: 0 };
  const line = { roundTripMs: 1.23456, backlogBytes: 300, heardMs: 9_400 };
  const said = { roundTripMs: 1.23, backlogBytes: 300, silentMs: 600, stampOffsetMs: -4 };
  const unlinked = { isLinked: false, sessions: undefined, version: undefined, release: undefined };
  const linked = { isLinked: true, sessions: 12, version: 9, release: "1.2.3" };
  const members = [
    { ...member, ...unlinked, relay: "a" as RelayId, actor: a, state: "alive", address: "ws://a/mesh" },
    { ...member, ...linked, relay: "b" as RelayId, actor: b, state: "suspect", address: "ws://b/mesh", ...line },
  ] as const;
  const seenOfLinked = { linked: true, sessions: 12, version: 9, release: "1.2.3" };
  edge = await anEdge({
    mesh: {
      self: a,
      mesh: "0011223344556677" as MeshId,
      address: "ws://a/mesh",
      software: { release: "1.2.4", version: 10 },
      ring,
      members,
      addresses: [],
      localHealth: 2,
      heldBytes: 0,
    },
    stamps: { latest: { physicalMs: 1_000_250, logical: 3, relay: "a" as RelayId }, offsetMs: (relay) => (relay === "b" ? -4 : undefined) },
  });
  expect(await (await fetch(`${edge.address}/api/mesh`)).json()).toMatchObject({
    self: "a",
    mesh: "0011223344556677",
    localHealth: 2,
    ring: {
      id: ring.id,
      records: [
        { relay: "a", status: "member" },
        { relay: "b", status: "joining", zone: "east" },
      ],
    },
    relays: [
      {
        relay: "a",
        state: "alive",
        incarnation: 0,
        address: "ws://a/mesh",
        release: "1.2.4",
        version: 10,
        wallMs: 1_000_000,
        stampAheadMs: 250,
      },
      { relay: "b", actor: b, state: "suspect", incarnation: 0, address: "ws://b/mesh", ...seenOfLinked, sinceSeconds: 6, ...said },
    ],
    links: [b],
  });
});
