/**
 * The wall clocks of real relays are stepped by up to an hour, back and forth, while people type at each of them. Wall time orders what is
 * concurrent and decides nothing else: nobody is called dead for it, and everything goes on being saved.
 */
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { endInkClients } from "../harness/ink-client.ts";
import { relaysToStart, startMesh } from "../harness/mesh-processes.ts";
import { MeshRun } from "../harness/mesh-run.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { MetricsReading, roomOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { SteppedClock } from "../harness/stepped-clock.ts";
import { pause, until } from "../harness/until.ts";

afterEach(async () => {
  endRawSockets();
  await endInkClients();
  await endRelays();
});

const names = ["a", "b", "c"];
const name = "written by wrong clocks";
const hourMs = 3_600_000;

test(
  "[P1] [P2] [P4] wall clocks are stepped while people type: all of it is saved, nobody is called dead, and titles do not go back",
  { timeout: 120_000 },
  async () => {
    const seed = aSeed("test/fault/mesh-clocks.test.ts", "fault");
    const random = seededRandom(seed.value);
    const clocks = names.map(() => new SteppedClock());
    const planned = Object.values(await relaysToStart({ a: names, b: names, c: names }));
    const relays = planned.map((relay, index) => relay.againWith({ env: clocks[index]!.environment }));
    await startMesh(relays);
    const run = new MeshRun({ relays, room: name, random });
    const step = async (): Promise<void> => {
      for (let steps = 0; steps < 8; steps++) {
        await clocks[Math.floor(random.fraction() * 3)]!.step(Math.round((2 * random.fraction() - 1) * hourMs));
        await pause(300 * random.fraction());
      }
    };
    const { meanwhile, verdict } = await run.troubled({ begin: step, end: () => undefined }, [], 3_000);
    expect(faults(verdict), `again: ${seed.replay}`).toEqual(noFaults);
    expect(meanwhile).toBeGreaterThan(100);
    for (const relay of relays)
      expect((await MetricsReading.of(relay)).value("inkmesh_mesh_member_changes_total", 'state="dead"'), relay.stderr).toBe(0);

    // One relay is an hour ahead and gives a title; the one that gives the next is an hour behind.
    await clocks[0]!.step(hourMs);
    await clocks[1]!.step(-hourMs);
    const give = async (relay: number, title: string): Promise<void> => {
      const body = JSON.stringify({ title });
      const headers = { "Content-Type": "application/json" };
      const answers: number[] = [];
      const isGiven = async (): Promise<boolean> => {
        const answer = await fetch(`${relays[relay]!.url}/api/rooms/${encodeURIComponent(name)}`, { method: "PATCH", body, headers });
        answers.push(answer.status);
        // A busy machine may not confirm it in time: then it is to be asked again.
        return answer.status !== 503;
      };
      await until(`"${title}" is given`, isGiven);
      expect(answers.at(-1)).toBe(200);
    };
    const isTitled = async (title: string): Promise<void> => {
      for (const relay of relays) await expect.poll(async () => (await roomOf(relay, name))["title"], { timeout: 10_000 }).toBe(title);
    };
    await give(0, "earlier");
    await isTitled("earlier");
    await give(1, "later");
    await isTitled("later");
  },
);
