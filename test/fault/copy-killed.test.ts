/**
 * `inkmesh backup` and `inkmesh restore` as processes that are killed at any moment, while the relay writes on: what has the name that was
 * asked for is whole, and the next try is not in its own way.
 */
import { spawn } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, History, noFaults } from "../harness/checker.ts";
import { settled } from "../harness/crash-run.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, projectRoot, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { Typist } from "../harness/typist.ts";
import { pause } from "../harness/until.ts";

afterEach(async () => {
  endRawSockets();
  await endRelays();
});

const program = resolve(projectRoot, "server/bin/inkmesh.js");
/** Of one try: some are cut short at once, some not at all. */
const killedWithinMs = 2_048;
const tries = 8;

/** Which folder is at `path`, if one is: another one each time that it was made. */
function madeAt(path: string): string {
  const made = statSync(path, { throwIfNoEntry: false });
  return made === undefined ? "" : `${made.ino} ${made.birthtimeMs}`;
}

/** Runs `inkmesh …`; answers its exit code, null when it was killed: so many ms after it has made the folder `part`. */
async function inkmesh(args: readonly string[], killed?: { readonly part: string; readonly afterMs: number }): Promise<number | null> {
  const before = killed === undefined ? "" : madeAt(killed.part);
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((done) => child.on("exit", (code) => done(code)));
  if (killed !== undefined) {
    while (child.exitCode === null && ["", before].includes(madeAt(killed.part))) await pause(1);
    await pause(killed.afterMs);
    child.kill("SIGKILL");
  }
  const code = await ended;
  if (code !== null && code !== 0) throw new Error(`inkmesh ${args[0]!} ended with ${code}: ${said}`);
  return code;
}

test("[P1] [P2] a backup and a restore that are killed leave nothing that could be taken for one", { timeout: 180_000 }, async () => {
  const seed = aSeed("test/fault/copy-killed.test.ts", "fault");
  const random = seededRandom(seed.value);
  const folder = temporaryFolder("copies");
  const relay = await startRelayProcess();
  const history = new History();
  const typist = await new Typist(relay, { name: "t", history, random }).join("notes");
  for (let index = 0; index < 400; index++) {
    typist.type({ padding: 60_000 });
    if (index % 5 === 0) await settled(typist);
  }
  await settled(typist);

  /** Does it again and again while somebody types, is killed in the middle, and does it once more in peace; answers how often it was cut short. */
  const insistently = async (command: (into: string) => readonly string[], into: string): Promise<number> => {
    const typing = setInterval(() => typist.type(), 10);
    let cuts = 0;
    for (let index = 0; index < tries; index++) {
      rmSync(into, { recursive: true, force: true });
      const code = await inkmesh(command(into), { part: `${into}.part`, afterMs: killedWithinMs ** random.fraction() });
      if (existsSync(into)) expect(await inkmesh(["verify", "--data", into]), `again: ${seed.replay}`).toBe(0);
      else cuts += 1;
      if (code === 0) expect(existsSync(into)).toBe(true);
    }
    clearInterval(typing);
    await settled(typist);
    rmSync(into, { recursive: true, force: true });
    expect(await inkmesh(command(into))).toBe(0);
    expect(existsSync(`${into}.part`)).toBe(false);
    return cuts;
  };

  const [backup, restored] = [join(folder, "backup"), join(folder, "restored")];
  const cuts = [await insistently((into) => ["backup", "--data", relay.data, "--out", into], backup)];
  const text = await contentOf(relay, "notes");
  expect(faults(history.judge([{ reader: "HTTP", text }])), `again: ${seed.replay}`).toEqual(noFaults);
  cuts.push(await insistently((into) => ["restore", "--from", backup, "--data", into], restored));
  process.stdout.write(`${cuts.join(" and ")} of ${tries} tries each were cut short\n`);
  expect(Math.min(...cuts)).toBeGreaterThan(0);
  await relay.end("SIGKILL");
  const again = await startRelayProcess({ data: restored });
  expect(await contentOf(again, "notes")).toBe(text);
});
