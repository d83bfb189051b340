/**
 * `inkmesh room list`, `show NAME`, `history NAME [VERSION]`, `export NAME`, `import FILE`, `delete NAME`: the documents, asked of a relay that runs.
 *
 * Exit codes: 0 when done, 1 when the list may not be whole since a relay did not answer, 2 with one sentence when it cannot be done.
 */
import { writeFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { contentFormats, type ContentFormat } from "@inkmesh/shared/engine/crdt-engine";
import { askRelay, atOption } from "./asked-relay.ts";
import { say } from "./command-output.ts";
import { endWith } from "./process-end.ts";
import type { Imported } from "./room-import.ts";
import { roomHistoryCommand } from "./room-history.ts";
import { printable, textTable } from "./text-table.ts";

/** As `/api/rooms` says it. */
interface Room {
  readonly room: string;
  readonly title?: string;
  readonly kind?: string;
  readonly engine: string;
  readonly generation: number;
  readonly bytes: number;
  readonly sessions: number;
  readonly copies: number;
  readonly replicas: number;
  readonly heldBy: readonly string[];
  readonly createdMs: number;
  readonly changedMs?: number;
}

interface Page {
  readonly rooms: readonly Room[];
  readonly next?: string;
  readonly unanswered: readonly string[];
}

const pageRooms = 200;

export function roomCommand(program: Command): void {
  const room = program.command("room").description("shows, exports, imports and deletes documents");
  room
    .command("list")
    .description("all documents of the mesh")
    .option(...atOption)
    .option("--search <words>", "only those with this in their title or name")
    .option("--json", "as /api/rooms says it")
    .action(async (options: { at: string; search?: string; json?: boolean }) => {
      const { rooms, unanswered } = await listed(options.at, options.search);
      say(options, { rooms, unanswered }, roomTable(rooms));
      if (unanswered.length === 0) return;
      process.stderr.write(`${unanswered.join(", ")} did not answer: documents may be missing.\n`);
      process.exitCode = 1;
    });
  room
    .command("show <name>")
    .description("where a document is kept, and who has it open")
    .option(...atOption)
    .option("--json", "as /api/rooms says it")
    .action(async (name: string, options: { at: string; json?: boolean }) => {
      const shown = (await (await askRelay(options.at, pathOf(name))).json()) as Room;
      say(options, shown, roomLines(shown));
    });
  room
    .command("export <name>")
    .description("a document's content, to the output or to a file")
    .option(...atOption)
    .addOption(new Option("--format <format>", "as what; update: everything, as one Yjs update").choices(contentFormats).default("text"))
    .option("--out <file>", "a file that is not there yet")
    .option("--json", "what came of it; needs --out, for without it the output is the content")
    .action(async (name: string, options: { at: string; format: ContentFormat; out?: string; json?: boolean }) => {
      const { out, format, json } = options;
      if (json === true && out === undefined) return endWith(2, "--json needs --out FILE: without it the output is the content.");
      const answer = await askRelay(options.at, `${pathOf(name)}/content?format=${options.format}`);
      const content = new Uint8Array(await answer.arrayBuffer());
      if (out === undefined) return void process.stdout.write(content);
      save(out, content);
      say(options, { room: name, format, file: out, bytes: content.length }, `${content.length} bytes in ${out}.\n`);
    });
  roomHistoryCommand(room);
  room
    .command("import <file>")
    .description("a document out of what export --format update wrote")
    .option(...atOption)
    .option("--room <name>", "the document's name, unless it is the file's")
    .option("--merge", "into a document that is there; what is in it stays")
    .option("--json", "what came of it")
    .action(async (file: string, options: { at: string; room?: string; merge?: boolean; json?: boolean }) => {
      const { importRoom } = await import("./room-import.ts");
      const imported = await importRoom({ at: options.at, file, room: options.room, merge: options.merge === true });
      say(options, imported, importLine(imported));
    });
  room
    .command("delete <name>")
    .description("deletes a document, for everybody")
    .option(...atOption)
    .option("--yes", "it cannot be taken back, and shall be done")
    .option("--json", "what came of it")
    .action(async (name: string, options: { at: string; yes?: boolean; json?: boolean }) => {
      if (options.yes !== true) return endWith(2, `Deleting ${JSON.stringify(name)} cannot be taken back. Add --yes to do it.`);
      await askRelay(options.at, `${pathOf(name)}?by=${encodeURIComponent("the command line")}`, { method: "DELETE" });
      say(options, { deleted: name }, `${JSON.stringify(name)} is deleted.\n`);
    });
}

async function listed(at: string, search = ""): Promise<{ rooms: readonly Room[]; unanswered: readonly string[] }> {
  const rooms: Room[] = [];
  const unanswered = new Set<string>();
  for (let after: string | undefined = ""; after !== undefined;) {
    const query = new URLSearchParams({ limit: String(pageRooms), search, ...(after === "" ? {} : { after }) });
    const page = (await (await askRelay(at, `/api/rooms?${query.toString()}`)).json()) as Page;
    rooms.push(...page.rooms);
    for (const relay of page.unanswered) unanswered.add(relay);
    after = page.next;
  }
  return { rooms, unanswered: [...unanswered] };
}

export function roomTable(rooms: readonly Room[]): string {
  if (rooms.length === 0) return "There are no documents.\n";
  const rows = rooms.map((room) => [
    printable(room.room),
    printable(room.title ?? ""),
    printable(room.kind ?? ""),
    String(room.sessions),
    day(room),
  ]);
  return textTable(["document", "title", "kind", "open", "changed"], rows);
}

function roomLines(room: Room): string {
  const lines = [
    ["document", printable(room.room)],
    ["title", printable(room.title ?? "")],
    ["kind", printable(room.kind ?? "")],
    ["kept by", `${room.engine}, generation ${room.generation}, ${room.bytes} bytes`],
    ["on disk", `on ${room.copies} of ${room.replicas} relays: ${room.heldBy.join(", ")}`],
    ["open", `by ${room.sessions}`],
    ["created", new Date(room.createdMs).toISOString()],
    ["changed", room.changedMs === undefined ? "" : new Date(room.changedMs).toISOString()],
  ];
  return lines.map(([name, value]) => `${`${name!.padEnd(10)}${value!}`.trimEnd()}\n`).join("");
}

function importLine({ room, created, saved }: Imported): string {
  const what = created ? "is made" : saved === undefined ? "has all of it already" : "has it, too";
  return `${JSON.stringify(room)} ${what}${saved === undefined ? "" : `: saved on ${saved.copies} of ${saved.replicas} relays`}.\n`;
}

function day({ changedMs, createdMs }: Room): string {
  return new Date(changedMs ?? createdMs).toISOString().slice(0, 16).replace("T", " ");
}

export function pathOf(room: string): string {
  return `/api/rooms/${encodeURIComponent(room)}`;
}

function save(file: string, content: Uint8Array): void {
  try {
    writeFileSync(file, content, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return endWith(2, code === "EEXIST" ? `--out must be a file that is not there yet, not ${JSON.stringify(file)}.` : String(error));
  }
}
