/**
 * Documents on three real relays that die, freeze and forget while people type at each of them. An independent checker judges by
 * what clients were told and by what readers with nothing see at every relay.
 */
import { rmSync } from "node:fs";
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { endInkClients } from "../harness/ink-client.ts";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { freeze, kill, MeshRun, type Mishap } from "../harness/mesh-run.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";

afterEach(async () => {
  endRawSockets();
  await endInkClients();
  await endRelays();
});

const rounds = process.env["INKMESH_LONG"] === "1" ? 40 : 4;

/** One list for all, so that each of them finds the others again, with an empty folder, too. */
const names = ["a", "b", "c"];

async function threeRelays(): Promise<readonly MeshProcess[]> {
  const relays = Object.values(await relaysToStart({ a: names, b: names, c: names }));
  await startMesh(relays);
  return relays;
}

/** A disk that was lost: the relay comes back with its name and an empty folder. */
const wipe: Mishap = {
  befall: kill.befall,
  end: async (relay) => {
    rmSync(relay.data, { recursive: true, force: true });
    await relay.start();
  },
};

test.each([
  ["killed", kill, 1, 1_000],
  ["frozen until they are suspected", freeze, 1, 4_000],
  ["killed, and come back with an empty folder", wipe, 1, 1_000],
  ["killed two at a time, so that nothing can be saved meanwhile", kill, 2, 1_000],
] as const)(
  "[P1] [P2] [P4] relays are %s while people type: what was called saved is there, everywhere, and once",
  { timeout: rounds * 60_000 },
  async (_, mishap, count, awayMs) => {
    const seed = aSeed("test/fault/mesh-writing.test.ts", "fault");
    const random = seededRandom(seed.value);
    const relays = await threeRelays();
    const run = new MeshRun({ relays, room: "written together", random });
    for (let round = 0; round < rounds; round++) {
      const first = Math.floor(random.fraction() * relays.length);
      const victims = Array.from({ length: count }, (_none, index) => relays[(first + index) % relays.length]!);
      const { meanwhile, verdict } = await run.round(mishap, victims, awayMs);
      const where = `round ${round + 1}, without ${victims.map(({ name }) => name).join(", ")}; again: ${seed.replay}`;
      expect(faults(verdict), where).toEqual(noFaults);
      // Two of three go on saving; one of three must not say that it does.
      if (count === 1) expect(meanwhile, where).toBeGreaterThan(0);
      else expect(meanwhile, where).toBe(0);
    }
    process.stdout.write(`${rounds} rounds, ${run.history.acknowledged} acknowledged edits\n`);
    expect(run.history.acknowledged).toBeGreaterThan(rounds * 10);
  },
);
