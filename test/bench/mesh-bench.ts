/**
 * MeshBench: what is measured of three relays, in which order. One relay and three take turns within a round, so that the ratio between
 * them is of one machine in one state.
 */
import { measureAcks, type AckFigures } from "./ack-load.ts";
import { measureFailOver } from "./fail-over-load.ts";
import {
  measureHealing,
  measureSweeps,
  measureTraffic,
  type HealingFigures,
  type SweepFigures,
  type TrafficFigures,
  type TrafficShape,
} from "./mesh-load.ts";
import { MeshUnderTest } from "./mesh-under-test.ts";
import { storeRooms } from "./stored-rooms.ts";

const typists = { clients: 24, clientsPerRoom: 4 };
/** Characters per second and person. */
const paces = [8, 4, 2];
const warmUpSeconds = 12;
const peopleWhoMove = 30;

export interface MeshRounds {
  readonly traffic: readonly { readonly scenario: string; readonly figures: TrafficFigures }[];
  readonly acks: readonly { readonly relays: 1 | 3; readonly pace: number; readonly figures: AckFigures }[];
  readonly sweeps: SweepFigures;
  readonly healing: readonly HealingFigures[];
  /** In ms, of each person in each round. */
  readonly failOver: readonly number[];
}

export async function measureMesh(options: {
  rounds: number;
  seconds: number;
  rooms: number;
  say: (done: string) => void;
}): Promise<MeshRounds> {
  const { rounds, seconds, rooms, say } = options;
  const traffic: { scenario: string; figures: TrafficFigures }[] = [];
  const acks: { relays: 1 | 3; pace: number; figures: AckFigures }[] = [];
  const healing: HealingFigures[] = [];
  const failOver: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [scenario, shape] of Object.entries(shapesOf(seconds))) {
      traffic.push({ scenario, figures: await MeshUnderTest.with(3, (mesh) => measureTraffic(mesh, shape)) });
      say(`round ${round}: ${scenario}`);
    }
    for (const relays of round % 2 === 1 ? ([1, 3] as const) : ([3, 1] as const)) {
      await MeshUnderTest.with(relays, async (mesh) => {
        // New processes are slow for their first thousands of edits.
        await measureAcks(mesh, { ...typists, pace: 8, seconds: warmUpSeconds, load: 0 });
        for (const [index, pace] of paces.entries()) {
          const figures = await measureAcks(mesh, { ...typists, pace, seconds, load: index + 1 });
          acks.push({ relays, pace, figures });
        }
      });
    }
    say(`round ${round}: acks`);
    healing.push(await MeshUnderTest.with(3, (mesh) => measureHealing(mesh, 10_000)));
    say(`round ${round}: healing`);
    failOver.push(...(await MeshUnderTest.with(3, (mesh) => measureFailOver(mesh, peopleWhoMove))));
    say(`round ${round}: fail-over`);
  }
  const sweeps = await MeshUnderTest.with(
    3,
    (mesh) => measureSweeps(mesh, rooms),
    (relays) => storeRooms(relays, rooms),
  );
  say(`${rooms} rooms`);
  return { traffic, acks, sweeps, healing, failOver };
}

function shapesOf(seconds: number): Readonly<Record<string, TrafficShape>> {
  return {
    "lone keystrokes, 6 clients × 5/s, a room each": { clients: 6, pace: 5, updates: 1, characters: 1, seconds },
    "100 keystrokes in a frame, 6 clients × 5/s": { clients: 6, pace: 5, updates: 100, characters: 1, seconds },
    "2 kB of text in an edit, 6 clients × 5/s": { clients: 6, pace: 5, updates: 1, characters: 2_000, seconds },
  };
}
