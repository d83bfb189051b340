/**
 * `npm test`: every test that this machine can run, under one hard stop. What a step may take is about twice what two quiet cores
 * need: it ends what hangs. Together that is the hard stop: a step that hangs takes no time from those after it, and what one does
 * not need the later ones have.
 *
 * The last line reads exactly `N passed, N failed, N skipped`, over all tests of all steps; a step that fails without
 * a failed test (a type error, a lint finding, a build) counts as one failed. Skipped tests are listed with reasons.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed, runStep } from "./step.mjs";

const hardStopMinutes = 75;
const steps = [
  { name: "build", command: [process.execPath, "scripts/build.mjs"], minutes: 3 },
  { name: "check", command: [process.execPath, "scripts/check.mjs"], minutes: 18 },
  { name: "simulator", command: project("sim"), minutes: 14 },
  { name: "contract", command: project("contract"), minutes: 5 },
  { name: "conformance", command: project("conformance"), minutes: 7 },
  { name: "fault", command: project("fault"), minutes: 14 },
  { name: "browser", command: project("browser"), minutes: 14 },
];

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), "inkmesh-tally-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const total = { passed: 0, failed: [], skipped: [] };
/** What is kept for the steps that are still to come. */
let minutesKept = steps.reduce((sum, { minutes }) => sum + minutes, 0);

for (const step of steps) {
  minutesKept -= step.minutes;
  const minutesLeft = hardStopMinutes - minutesKept - (performance.now() - startedAt) / 60_000;
  if (minutesLeft <= 0) {
    total.failed.push(`${step.name}: not started, ${hardStopMinutes} minutes are over`);
    continue;
  }
  const tally = join(folder, `${step.name}.json`);
  const result = await runStep({ ...step, minutes: minutesLeft, env: { INKMESH_TALLY: tally } });
  add(step.name, result, existsSync(tally) ? JSON.parse(readFileSync(tally, "utf8")) : undefined);
  if (step.name === "build" && !result.ok) break;
}

process.stdout.write(`\n${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes\n`);
for (const { title, reason } of total.skipped) process.stdout.write(`skipped: ${title}: ${reason}\n`);
for (const title of total.failed) process.stdout.write(`failed: ${title}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped\n`);
process.exitCode = total.failed.length === 0 ? 0 : 1;

function project(name) {
  return installed("vitest", "run", "--project", name, "--reporter=default", "--reporter=./scripts/tally-reporter.mjs");
}

function add(name, result, tally) {
  total.passed += tally?.passed ?? 0;
  total.failed.push(...(tally?.failed ?? []));
  total.skipped.push(...(tally?.skipped ?? []));
  if (!result.ok && (tally?.failed.length ?? 0) === 0) total.failed.push(`${name}: see above`);
}
