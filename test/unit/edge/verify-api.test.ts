import { afterEach, expect, test } from "vitest";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, MeshId, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { meshOrderMark, type MeshOrder } from "@inkmesh/shared/wire/mesh-order-mark";
import type { RoomRequest } from "../../../server/core/input.ts";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { firstRing } from "../../../server/core/membership/belonging.ts";
import type { MeshView } from "../../../server/core/peers/mesh-view.ts";
import { anEdge, edgeSecret } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

const self = "a.0000000000000000" as ActorId;
const ring = firstRing("a" as RelayId, { weight: 1, zone: "" });
const view: MeshView = {
  ...{
    self,
    mesh: "0011223344556677" as MeshId,
    address: "ws://a/mesh",
    ring,
    addresses: [],
    localHealth: 0,
    heldBytes: 0,
    members: [],
    software: { release: "1.2.3", version: 9 },
  },
};
const clock = VectorClock.of([[self, 3]]);

async function post(what: string, body: unknown, order: MeshOrder["order"] = "verify"): Promise<{ status: number; body: unknown }> {
  const mark = hexOf(meshOrderMark({ order, actor: self, ring: ring.id, relay: "a" as RelayId }, edgeSecret));
  const headers = { "Inkmesh-Mark": mark, "Content-Type": "application/json" };
  const answer = await fetch(`${edge!.address}/api/mesh/verify/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const compared = (ask: RoomRequest): RoomAnswer | undefined => {
  if (ask.type !== "compare") return undefined;
  const copies = [{ relay: "b" as RelayId, standing: "equal" as const }];
  if (ask.room === "odd") return { type: "refused", refusal: { code: "BAD_ROOM_NAME", detail: "no engine" } };
  return { type: "compared", comparison: { room: ask.room, generation: 2, isDeleted: false, isReplica: true, clock, copies } };
};

test("nobody verifies without the mark of that order", async () => {
  edge = await anEdge({ mesh: view, answer: compared });
  for (const what of ["look", "compare", "set-aside"])
    expect(await post(what, { rooms: ["x"] }, "drain")).toMatchObject({ status: 403, body: { error: { code: "MESH_SECRET" } } });
  expect([edge.inputs, edge.setAside]).toEqual([[], []]);
});

test("a page of the disk is shown, from where it is asked", async () => {
  const asked: (string | undefined)[] = [];
  const flaws = [{ where: "table entry", what: "a row does not match its checksum", room: "x" as RoomName }];
  edge = await anEdge({
    mesh: view,
    inspect: async (after) => {
      asked.push(after);
      return { ok: true, value: { rooms: [{ room: "x" as RoomName, generation: 0, bytes: 7, clock }], flaws, total: 1, next: "x" } };
    },
  });
  const page = { rooms: [{ room: "x", generation: 0, bytes: 7, clock: { [self]: 3 } }], flaws, total: 1, next: "x" };
  expect(await post("look", {})).toEqual({ status: 200, body: page });
  await post("look", { after: "w" });
  expect(asked).toEqual([undefined, "w"]);
});

test("documents are compared, and one that cannot be says why", async () => {
  edge = await anEdge({ mesh: view, answer: compared });
  expect(await post("compare", { rooms: ["x", "odd"] })).toEqual({
    status: 200,
    body: {
      rooms: [
        { room: "x", generation: 2, isDeleted: false, isReplica: true, clock: { [self]: 3 }, copies: [{ relay: "b", standing: "equal" }] },
        { room: "odd", refused: { code: "BAD_ROOM_NAME", detail: "no engine" } },
      ],
    },
  });
});

test("what is damaged is set aside where that is asked for, and how much it was is said", async () => {
  edge = await anEdge({ mesh: view });
  expect(await post("set-aside", { rooms: ["x", "y"] })).toEqual({ status: 200, body: { setAside: 1 } });
  expect(edge.setAside).toEqual([["x", "y"]]);
});

test.each([
  ["look", { before: "x" }],
  ["compare", { rooms: "x" }],
  ["compare", { rooms: Array.from({ length: 33 }, () => "x") }],
  ["compare", {}],
  ["set-aside", { rooms: [7] }],
])("a body that is none is refused: %s %j", async (what, body) => {
  edge = await anEdge({ mesh: view, answer: compared });
  expect(await post(what, body)).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST" } } });
  expect(edge.inputs).toEqual([]);
});

test("[P8] one question is worked at a time, and whoever comes meanwhile is told to come again", async () => {
  let finish = (): void => undefined;
  const inspected = new Promise<void>((resolve) => (finish = resolve));
  edge = await anEdge({
    mesh: view,
    inspect: async () => {
      await inspected;
      return { ok: true, value: { rooms: [], flaws: [], total: 0, next: undefined } };
    },
  });
  const first = post("look", {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await post("look", {})).toMatchObject({ status: 503, body: { error: { code: "RELAY_BUSY" } } });
  finish();
  expect((await first).status).toBe(200);
});
