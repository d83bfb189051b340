/**
 * What relays answer, as the page reads it.
 */
import type { MeshReading, RoomReading } from "../../../../client/app/mesh-view/mesh-reading.ts";
import { readMesh, readRoom } from "../../../../client/app/mesh-view/mesh-reading.ts";
import type { Poll } from "../../../../client/app/mesh-view/mesh-watch.ts";

interface Life {
  readonly relay: string;
  readonly [field: string]: unknown;
}

/** `/api/mesh` of `self`, which sees `others`. */
export function aMeshBody(self: string, others: readonly Life[] = [], own: Record<string, unknown> = {}, more: object = {}): object {
  const names = [self, ...others.map(({ relay }) => relay)].toSorted();
  return {
    ...{ self, replicas: Math.min(3, names.length), needed: names.length > 1 ? 2 : 1, mesh: "00" },
    ring: {
      id: `ring of ${[...new Set(names)].join()}`,
      records: [...new Set(names)].map((relay) => ({ relay, weight: 1, zone: "", status: "member", counter: 1 })),
    },
    relays: [
      { ...aLife(self), phase: "serving", complete: true, wallMs: 1_000_000, sessions: 2, ...own },
      ...others.map((other) => ({ ...aLife(other.relay), linked: true, roundTripMs: 1.5, backlogBytes: 0, silentMs: 200, ...other })),
    ],
    ...more,
  };
}

function aLife(relay: string): Life {
  return {
    relay,
    actor: `${relay}.0000000000000001`,
    state: "alive",
    incarnation: 0,
    address: `ws://${relay}.example/mesh`,
    sinceSeconds: 9,
  };
}

export function aMesh(...body: Parameters<typeof aMeshBody>): MeshReading {
  const mesh = readMesh(aMeshBody(...body));
  if (mesh === undefined) throw new Error("that is no answer");
  return mesh;
}

export function aRoom(self: string, clock: Record<string, number>, more: Record<string, unknown> = {}): RoomReading {
  const room = readRoom({
    self,
    room: "notes",
    generation: 0,
    standing: "open",
    title: "Notes",
    replicas: ["c", "a", "b"],
    needed: 2,
    clock,
    isComplete: true,
    told: [],
    ...more,
  });
  if (room === undefined) throw new Error("that is no answer");
  return room;
}

/** What one relay answered, a moment ago. */
export function aPoll(mesh: MeshReading | undefined, changes: Partial<Poll> = {}): Poll {
  const origin = `http://${mesh?.self ?? "x"}.example`;
  return { origin, mesh, room: undefined, answeredMs: 1_000, aheadMs: 0, tookMs: 4, failingSinceMs: undefined, ...changes };
}
