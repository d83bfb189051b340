/**
 * The proof of the proof: the crash test's checker reports losses for relays with a planted bug, in the very runs that
 * a healthy relay passes.
 */
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import type { Verdict } from "../harness/checker.ts";
import { CrashRun } from "../harness/crash-run.ts";
import { endInkClients } from "../harness/ink-client.ts";
import { mutatedProgram, planted, type Mutant } from "../harness/mutated-relay.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { endYClients } from "../harness/y-client.ts";
import { ackBeforeSync } from "./mutants/ack-before-sync.ts";
import { admissionOff } from "./mutants/admission-off.ts";

const roundsAtMost = 5;

afterEach(async () => {
  endYClients();
  endRawSockets();
  await endInkClients();
  await endRelays();
});

/** Crashes a relay until the checker finds a loss, at most `roundsAtMost` times. */
async function firstLoss(options: { mutant: Mutant | undefined; droppedShare: number }): Promise<Verdict | undefined> {
  const seed = aSeed("test/fault/mutants.test.ts", "fault");
  const relay = await startRelayProcess(options.mutant === undefined ? {} : { program: mutatedProgram(options.mutant) });
  const run = new CrashRun({ relay, room: "planted", random: seededRandom(seed.value), droppedShare: options.droppedShare });
  for (let round = 0; round < roundsAtMost; round++) {
    const verdict = await run.round();
    if (verdict.lost.length > 0) return verdict;
    expect(run.history.acknowledged, "the mutant must do its work, or its losses prove nothing").toBeGreaterThan(0);
  }
  return undefined;
}

test("[P2] the checker reports losses when acks are sent before the sync", async () => {
  expect((await firstLoss({ mutant: ackBeforeSync, droppedShare: 0 }))?.lost.length).toBeGreaterThan(0);
});

test("[P2] the checker reports losses when admission is off and updates are dropped on the way", async () => {
  expect((await firstLoss({ mutant: admissionOff, droppedShare: 0.05 }))?.lost.length).toBeGreaterThan(0);
});

test("the same runs find nothing in the relay as it is", async () => {
  expect(await firstLoss({ mutant: undefined, droppedShare: 0.05 })).toBeUndefined();
});

test("a mutant whose place is gone, or is there twice, fails", () => {
  const change = { file: "x.js", find: "a();", replace: "b();" };
  expect(planted("a(); c();", "x", change)).toBe("b(); c();");
  expect(() => planted("c();", "x", change)).toThrow("occurs 0 times");
  expect(() => planted("a(); a();", "x", change)).toThrow("occurs 2 times");
});
