/**
 * `inkmesh import SOURCE`: what another server has kept of Yjs documents, brought to a relay that runs. What a source may be: `import-source.ts`;
 * what happens to each document: `document-import.ts`.
 *
 * Exit codes: 0 when all of it is there, 1 when a document or a part of the source could not be brought, 2 with one sentence when it
 * cannot be done: no such source, no such relay. It may be run again at any time, and goes on where it was.
 */
import type { Command } from "commander";
import { atOption, reachRelay } from "./asked-relay.ts";
import { say } from "./command-output.ts";
import type { ImportedDocument } from "./document-import.ts";
import { endWith } from "./process-end.ts";
import { ProgressLine } from "./progress-line.ts";
import { printable, textTable } from "./text-table.ts";

interface Options {
  readonly at: string;
  readonly prefix: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Documents under way together: while the disk writes one the next are read. */
const importsAtOnce = 4;

export function importCommand(program: Command): void {
  program
    .command("import <source>")
    .description("brings documents from y-leveldb, from Hocuspocus' SQLite file, or from a folder of Yjs updates")
    .option(...atOption)
    .option("--prefix <words>", "put before each document's name", "")
    .option("--dry-run", "reads and compares everything, and writes nothing")
    .option("--json", "what came of each document")
    .action(runImport);
}

async function runImport(path: string, options: Options): Promise<void> {
  const { at, prefix } = options;
  // Loaded here, so that every other command does without all of it.
  const { openSource } = await import("../sources/known-sources.ts");
  const { importDocument } = await import("./document-import.ts");
  const { RoomWriting } = await import("./room-writing.ts");
  await reachRelay(at, "/health");
  const opened = await openSource(path);
  if (!opened.ok) return endWith(2, opened.sentence);
  const { source } = opened;
  const { names, problem } = await source.names();
  const writing = options.dryRun === true ? undefined : await RoomWriting.begin(at, "inkmesh import");
  const documents = await importAll(names, (name) => importDocument(name, { source, at, prefix, writing }));
  await writing?.end();
  await source.close();
  const isDry = options.dryRun === true;
  say(
    options,
    { source: path, kind: source.kind, dryRun: isDry, documents, ...(problem === undefined ? {} : { problem }) },
    table(documents, isDry),
  );
  if (problem !== undefined) process.stderr.write(`A part of the source cannot be read, and documents may be missing: ${problem}\n`);
  if (problem !== undefined || documents.some(({ outcome }) => outcome === "failed")) process.exitCode = 1;
}

/** In the order of `names`. */
async function importAll(names: readonly string[], one: (name: string) => Promise<ImportedDocument>): Promise<readonly ImportedDocument[]> {
  const progress = new ProgressLine();
  const imported = new Map<string, ImportedDocument>();
  const waiting = names.values();
  let failed = 0;
  const work = async (): Promise<void> => {
    for (const name of waiting) {
      const document = await one(name);
      imported.set(name, document);
      if (document.outcome === "failed") failed += 1;
      const isLast = imported.size === names.length;
      progress.tell(`${imported.size} of ${names.length} documents${failed === 0 ? "" : `, ${failed} failed`}`, isLast);
    }
  };
  await Promise.all(Array.from({ length: importsAtOnce }, work));
  progress.end();
  return names.flatMap((name) => imported.get(name) ?? []);
}

function table(documents: readonly ImportedDocument[], isDry: boolean): string {
  if (documents.length === 0) return "The source has no documents.\n";
  const rows = documents.map(({ room, outcome, updates, bytes, problem }) => [
    printable(room),
    outcome,
    String(updates),
    String(bytes),
    printable(problem ?? ""),
  ]);
  const count = (outcome: ImportedDocument["outcome"]): number => documents.filter((each) => each.outcome === outcome).length;
  const sum = `${count("made")} made, ${count("merged")} merged into what was there, ${count("there")} there already, ${count("failed")} failed`;
  return `${textTable(["document", "result", "updates", "bytes", "problem"], rows)}${sum}${isDry ? "; nothing was written: it was a dry run" : ""}.\n`;
}
