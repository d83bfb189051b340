/**
 * `inkmesh room history NAME [VERSION]`: who wrote in a document and when, as the relay that is asked has it; with a version, the document of
 * then.
 */
import { Option, type Command } from "commander";
import { contentFormats, type ContentFormat } from "@inkmesh/shared/engine/crdt-engine";
import { askRelay, atOption } from "./asked-relay.ts";
import { say } from "./command-output.ts";
import { pathOf } from "./room-command.ts";
import { printable, textTable } from "./text-table.ts";

/** As `/api/rooms/:room/history` says it. */
interface Version {
  readonly version: string;
  readonly edits: number;
  readonly authors: readonly { readonly author: string; readonly edits: number }[];
}

interface Page {
  readonly versions: readonly Version[];
  readonly next?: string;
}

interface Options {
  readonly at: string;
  readonly format: ContentFormat;
  readonly limit: number;
  readonly json?: boolean;
}

const pageVersions = 200;

export function roomHistoryCommand(room: Command): void {
  room
    .command("history <name> [version]")
    .description("when somebody wrote in a document, the newest first; with a version, what it was then")
    .option(...atOption)
    .addOption(new Option("--format <format>", "as what a version is told").choices(contentFormats).default("text"))
    .addOption(new Option("--limit <number>", "so many of the newest").argParser(Number).default(50))
    .option("--json", "the list as /api/rooms says it")
    .action(async (name: string, version: string | undefined, options: Options) => {
      if (version === undefined) {
        const versions = await listed(name, options);
        return say(options, { room: name, versions }, versionTable(versions));
      }
      const answer = await askRelay(options.at, `${pathOf(name)}/history/${encodeURIComponent(version)}?format=${options.format}`);
      process.stdout.write(new Uint8Array(await answer.arrayBuffer()));
    });
}

async function listed(name: string, { at, limit }: Options): Promise<readonly Version[]> {
  const versions: Version[] = [];
  for (let before: string | undefined = ""; before !== undefined && versions.length < limit;) {
    const query = new URLSearchParams({
      limit: String(Math.min(limit - versions.length, pageVersions)),
      ...(before === "" ? {} : { before }),
    });
    const page = (await (await askRelay(at, `${pathOf(name)}/history?${query.toString()}`)).json()) as Page;
    versions.push(...page.versions);
    before = page.next;
  }
  return versions;
}

function versionTable(versions: readonly Version[]): string {
  if (versions.length === 0) return "Nothing is kept of how it came to be.\n";
  const rows = versions.map(({ version, edits, authors }) => [
    version,
    String(edits),
    printable(
      authors
        .map(({ author }) => author)
        .filter(Boolean)
        .join(", "),
    ),
  ]);
  return textTable(["version", "edits", "by"], rows);
}
