/**
 * The command line: `inkmesh` relay, start, mesh, room, import, verify, backup, restore. A bad option ends with exit code 2 and one sentence
 * that says what would be right.
 */
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { backupCommands } from "./backup-command.ts";
import { meshCommand } from "./mesh-command.ts";
import { importCommand } from "./import-command.ts";
import { endWith } from "./process-end.ts";
import { release } from "../runtime/release.ts";
import { relayCommand } from "./relay-command.ts";
import { roomCommand } from "./room-command.ts";
import { startCommand } from "./start-command.ts";
import { verifyCommand } from "./verify-command.ts";

// A reader that went away (`inkmesh start | head`) is no reason to end.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const program = new Command("inkmesh")
  .description("A collaborative editor and relay mesh that you host yourself")
  .version(release, "--version", "which release this is")
  .exitOverride()
  .configureOutput({ writeErr: () => undefined });
relayCommand(program);
startCommand(program, fileURLToPath(import.meta.url));
verifyCommand(program);
backupCommands(program);
meshCommand(program);
roomCommand(program);
importCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) process.exit(0);
  endWith(2, error.code === "commander.help" ? program.helpInformation() : sentenceOf(error));
}

/** commander's "error: unknown option '--prot'" as a sentence. */
function sentenceOf(error: CommanderError): string {
  const said = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}. See: inkmesh --help`;
}
