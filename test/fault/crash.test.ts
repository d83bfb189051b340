/**
 * kill -9 at random moments while clients of several kinds type: every acknowledged edit is there afterwards, for
 * everybody who reads, and none twice. 25 crashes; 200 in the long run.
 */
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { CrashRun } from "../harness/crash-run.ts";
import { endInkClients } from "../harness/ink-client.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { endYClients } from "../harness/y-client.ts";

const long = process.env["INKMESH_LONG"] === "1";
const crashes = long ? 200 : 25;
/** A new room now and then: a text of thousands of tokens makes the test slow, not stricter. */
const crashesPerRoom = 13;

afterEach(async () => {
  endYClients();
  endRawSockets();
  await endInkClients();
  await endRelays();
});

test(
  `[P2] after ${crashes} crashes under load every acknowledged edit is there, and none twice`,
  { timeout: crashes * 30_000 },
  async () => {
    const seed = aSeed("test/fault/crash.test.ts", "fault");
    const random = seededRandom(seed.value);
    const relay = await startRelayProcess();
    let acknowledged = 0;
    let run = new CrashRun({ relay, room: "crash-0", random });
    for (let crash = 0; crash < crashes; crash++) {
      if (crash > 0 && crash % crashesPerRoom === 0) {
        acknowledged += run.history.acknowledged;
        run = new CrashRun({ relay, room: `crash-${crash}`, random });
      }
      const verdict = await run.round();
      expect(faults(verdict), `crash ${crash + 1}; again: ${seed.replay}`).toEqual(noFaults);
    }
    acknowledged += run.history.acknowledged;
    process.stdout.write(`${crashes} crashes, ${acknowledged} acknowledged edits\n`);
    // The run must have done work: a relay that acknowledges nothing would pass everything above.
    expect(acknowledged).toBeGreaterThan(crashes * 20);
  },
);

test("[P2] what a typist lost on its own way is asked for again, and nothing acknowledged hangs in the air", async () => {
  const seed = aSeed("test/fault/crash.test.ts", "fault");
  const relay = await startRelayProcess();
  const run = new CrashRun({ relay, room: "dropped", random: seededRandom(seed.value), droppedShare: 0.05 });
  for (let crash = 0; crash < 3; crash++) expect(faults(await run.round()), seed.replay).toEqual(noFaults);
  expect(run.history.acknowledged).toBeGreaterThan(60);
});
