/**
 * `inkmesh backup`: a copy of a relay's data folder, whether or not the relay runs; `inkmesh restore`: a data folder out of one.
 *
 * Exit codes: 0 when done, 1 when it is restored and something in it is damaged (one line each on stdout), 2 with one sentence when it
 * cannot be done. How far it is stands on stderr.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { endWith } from "./process-end.ts";
import { damageLine } from "./verify-command.ts";

const tellEveryMs = 1_000;

export function backupCommands(program: Command): void {
  program
    .command("backup")
    .description("copies a relay's data folder, also while the relay runs")
    .option("--data <folder>", "the relay's data folder", "./data/a")
    .requiredOption("--out <folder>", "a folder that is not there yet")
    .action(async ({ data, out }: { data: string; out: string }) => {
      if (!existsSync(join(data, "log.sqlite"))) return endWith(2, `--data must be the folder of a relay, not ${JSON.stringify(data)}.`);
      checkNew("--out", out);
      const { backUp } = await import("../log/store-backup.ts");
      await attempted(() => backUp(resolve(data), resolve(out), teller()));
      process.stdout.write(`Everything up to now is in ${out}. To use it: inkmesh restore --from ${out} --data FOLDER\n`);
    });
  program
    .command("restore")
    .description("makes a data folder out of a backup")
    .requiredOption("--from <folder>", "what inkmesh backup made")
    .requiredOption("--data <folder>", "the relay's data folder, which is not there yet")
    .action(async ({ from, data }: { from: string; data: string }) => {
      if (!existsSync(join(from, "log.sqlite")))
        return endWith(2, `--from must be a folder that inkmesh backup made, not ${JSON.stringify(from)}.`);
      checkNew("--data", data);
      const { restore } = await import("../log/store-backup.ts");
      const damage = await attempted(() => restore(resolve(from), resolve(data)));
      process.stdout.write(damage.map(damageLine).join(""));
      process.stdout.write(`Restored. Start it with: inkmesh relay --name ${nameIn(data)} --data ${data}\n`);
      if (damage.length > 0) process.exitCode = 1;
    });
}

function checkNew(option: string, folder: string): void {
  if (existsSync(folder)) endWith(2, `${option} must be a folder that is not there yet, not ${JSON.stringify(folder)}.`);
}

async function attempted<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    return endWith(2, `It could not be copied (${error instanceof Error ? error.message : String(error)}).`);
  }
}

/** Says how far it is, each second and at the end. */
function teller(): (doneBytes: number, totalBytes: number) => void {
  let toldMs = 0;
  return (doneBytes, totalBytes) => {
    if (doneBytes < totalBytes && performance.now() - toldMs < tellEveryMs) return;
    toldMs = performance.now();
    process.stderr.write(`${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB\n`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function nameIn(data: string): string {
  const file = join(data, "relay.name");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "NAME";
}
