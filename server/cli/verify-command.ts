/**
 * `inkmesh verify`: reads everything that a stopped relay keeps and checks every checksum.
 *
 * Exit codes: 0 when all is as it was written, 1 when something is damaged (one line each on stdout), 2 when the folder
 * cannot be looked at, e.g. because its relay runs.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { limitsWith } from "../config.ts";
import type { Damage } from "../log/update-log.ts";
import { systemRandom } from "../runtime/system-random.ts";
import { endWith } from "./process-end.ts";

export function verifyCommand(program: Command): void {
  const command = program.command("verify").description("checks everything that a stopped relay keeps");
  command.option("--data <folder>", "the relay's data folder", "./data/a").action(async ({ data }: { data: string }) => {
    if (!existsSync(data)) return endWith(2, `--data must be the folder of a relay, not ${JSON.stringify(data)}.`);
    const damage = await damageIn(resolve(data));
    process.stdout.write(damage.map(damageLine).join("") || "Everything is as it was written.\n");
    process.exit(damage.length === 0 ? 0 : 1);
  });
}

async function damageIn(path: string): Promise<readonly Damage[]> {
  // Loaded here, so that the other commands do without the store.
  const { openDataFolder } = await import("../log/data-folder.ts");
  const { SqliteUpdateLog } = await import("../log/sqlite-update-log.ts");
  const folder = openDataFolder({ path, name: undefined, random: systemRandom });
  if (!folder.ok) return endWith(2, folder.refusal.detail);
  const log = new SqliteUpdateLog({ folder: path, nestingMax: limitsWith().content.nestingMax });
  try {
    const opening = await log.open();
    const verified = await log.verify();
    if (!verified.ok) return endWith(2, verified.refusal.detail);
    return [...opening.damage, ...verified.value];
  } catch (error) {
    return endWith(2, error instanceof Error ? error.message : String(error));
  } finally {
    await log.close();
    folder.value.release();
  }
}

/** For people, with its line break. */
export function damageLine({ where, what, keptAs, room }: Damage): string {
  return `${where}: ${what}${room === undefined ? "" : ` (document ${JSON.stringify(room)})`}${keptAs === undefined ? "" : `; kept as ${keptAs}`}\n`;
}
