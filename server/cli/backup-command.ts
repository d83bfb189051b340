/**
 * `inkmesh backup`: a copy of a relay's data folder, whether or not the relay runs; `inkmesh restore`: a data folder out of one.
 *
 * Exit codes: 0 when done, 1 when it is restored and something in it is damaged (a table on stdout), 2 with one sentence when it
 * cannot be done. How far it is stands on stderr.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Progress } from "../log/store-backup.ts";
import { say } from "./command-output.ts";
import { endWith } from "./process-end.ts";
import { ProgressLine } from "./progress-line.ts";
import { damageTable } from "./verify-command.ts";

export function backupCommands(program: Command): void {
  program
    .command("backup")
    .description("copies a relay's data folder, also while the relay runs")
    .option("--data <folder>", "the relay's data folder", "./data/a")
    .requiredOption("--out <folder>", "a folder that is not there yet")
    .option("--json", "what came of it")
    .action(async ({ data, out, json = false }: { data: string; out: string; json?: boolean }) => {
      if (!existsSync(join(data, "log.sqlite"))) return endWith(2, `--data must be the folder of a relay, not ${JSON.stringify(data)}.`);
      checkNew("--out", out);
      const { backUp } = await import("../log/store-backup.ts");
      const bytes = await attempted((progress) => backUp(resolve(data), resolve(out), progress));
      say({ json }, { out, bytes }, `Everything up to now is in ${out}. To use it: inkmesh restore --from ${out} --data FOLDER\n`);
    });
  program
    .command("restore")
    .description("makes a data folder out of a backup")
    .requiredOption("--from <folder>", "what inkmesh backup made")
    .requiredOption("--data <folder>", "the relay's data folder, which is not there yet")
    .option("--json", "what came of it")
    .action(async ({ from, data, json = false }: { from: string; data: string; json?: boolean }) => {
      if (!existsSync(join(from, "log.sqlite")))
        return endWith(2, `--from must be a folder that inkmesh backup made, not ${JSON.stringify(from)}.`);
      checkNew("--data", data);
      const { restore } = await import("../log/store-backup.ts");
      const damage = await attempted((progress) => restore(resolve(from), resolve(data), progress));
      const name = nameIn(data);
      const words = `Restored. Start it with: inkmesh relay --name ${name} --data ${data}\n`;
      say({ json }, { data, name, damage }, `${damage.length === 0 ? "" : damageTable(damage)}${words}`);
      if (damage.length > 0) process.exitCode = 1;
    });
}

function checkNew(option: string, folder: string): void {
  if (existsSync(folder)) endWith(2, `${option} must be a folder that is not there yet, not ${JSON.stringify(folder)}.`);
}

async function attempted<Value>(work: (progress: Progress) => Value | Promise<Value>): Promise<Value> {
  const line = new ProgressLine();
  try {
    return await work((done, total, unit) => line.tell(progressWords(done, total, unit), done >= total));
  } catch (error) {
    line.end();
    return endWith(2, `It could not be copied (${error instanceof Error ? error.message : String(error)}).`);
  } finally {
    line.end();
  }
}

function progressWords(done: number, total: number, unit: Parameters<Progress>[2]): string {
  return unit === "bytes" ? `${megabytes(done)} of ${megabytes(total)} MB` : `${done} of ${total} documents checked`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function nameIn(data: string): string {
  const file = join(data, "relay.name");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "NAME";
}
