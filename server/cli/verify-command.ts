/**
 * `inkmesh verify`: reads everything that a stopped relay keeps and checks every checksum (`--data`); or has a relay that runs do that
 * without stopping, compare each document with its other replicas, and heal from them what is damaged or different (`--at`).
 *
 * Exit codes: 0 when all is as it was written and equal; 1 when something was not: of a stopped relay it is damaged, of a running one it
 * is healed; 3 when something of a running one is not healed: nobody has it, it still differs, or a replica did not answer; 2 with one
 * sentence when it cannot be looked at, e.g. because the folder's relay runs. How far it is stands on stderr.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { limitsWith } from "../config.ts";
import type { Damage } from "../log/update-log.ts";
import { systemRandom } from "../runtime/system-random.ts";
import { say } from "./command-output.ts";
import { secretOf, secretOption } from "./mesh-order.ts";
import { endWith } from "./process-end.ts";
import { ProgressLine } from "./progress-line.ts";
import { printable, textTable } from "./text-table.ts";

const folderDefault = "./data/a";

interface Options {
  readonly data?: string;
  readonly at?: string;
  readonly relay?: string;
  readonly meshSecretFile?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const exitCodes = `
Exit codes: 0 all is as it was written and equal; 1 something is damaged, of a relay that runs: was damaged or different, and is healed;
3 something of a relay that runs is not healed; 2 it cannot be looked at.`;

export function verifyCommand(program: Command): void {
  program
    .command("verify")
    .description("checks everything that a relay keeps, and heals what a relay that runs does not have as the others do")
    .option("--data <folder>", `the data folder of a relay that is stopped (${folderDefault})`)
    .option("--at <address>", "a relay that runs: its documents are compared with the other replicas, too")
    .addOption(new Option("--relay <address>", "the same as --at"))
    .option(...secretOption)
    .option("--all", "with --at: lists also the documents that are equal")
    .option("--json", "what was found; every document")
    .addHelpText("after", exitCodes)
    .action(async (options: Options) => {
      const at = options.at ?? options.relay;
      if (at === undefined) return verifyFolder(options);
      if (options.data !== undefined)
        return endWith(2, "--data is for a relay that is stopped, and --at for one that runs: say one of them.");
      await verifyRelay(at, options);
    });
}

async function verifyFolder(options: Options): Promise<void> {
  const { data = folderDefault } = options;
  if (!existsSync(data)) return endWith(2, `--data must be the folder of a relay, not ${JSON.stringify(data)}.`);
  const damage = await damageIn(resolve(data));
  say(options, { damage }, damage.length === 0 ? "Everything is as it was written.\n" : damageTable(damage));
  process.exitCode = damage.length === 0 ? 0 : 1;
}

async function verifyRelay(at: string, options: Options): Promise<void> {
  const { onlineVerification } = await import("./online-verification.ts");
  const { exitCodeOf, reportWords } = await import("./verification-report.ts");
  const line = new ProgressLine();
  const report = await onlineVerification(at, secretOf(options.meshSecretFile), line);
  line.end();
  say(options, report, reportWords(report, options.all === true));
  process.exitCode = exitCodeOf(report);
}

async function damageIn(path: string): Promise<readonly Damage[]> {
  // Loaded here, so that the other commands do without the store.
  const { openDataFolder } = await import("../log/data-folder.ts");
  const { SqliteUpdateLog } = await import("../log/sqlite-update-log.ts");
  const folder = openDataFolder({ path, name: undefined, random: systemRandom });
  if (!folder.ok) return endWith(2, folder.refusal.detail);
  const log = new SqliteUpdateLog({ folder: path, nestingMax: limitsWith().content.nestingMax });
  const line = new ProgressLine();
  try {
    const opening = await log.open();
    const verified = await log.verify((done, total) => line.tell(`${done} of ${total} documents checked`));
    line.end();
    if (!verified.ok) return endWith(2, verified.refusal.detail);
    return [...opening.damage, ...verified.value];
  } catch (error) {
    line.end();
    return endWith(2, error instanceof Error ? error.message : String(error));
  } finally {
    await log.close();
    folder.value.release();
  }
}

/** For people. */
export function damageTable(damage: readonly Damage[]): string {
  const rows = damage.map(({ where, what, keptAs = "", room = "" }) => [where, what, printable(room), keptAs]);
  return textTable(["where", "what", "document", "kept as"], rows);
}
