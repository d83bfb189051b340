/**
 * CommandLine: `inkmesh …` as a process of its own, out of the sources.
 */
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "./relay-process.ts";

const entry = ["--import", "tsx", "--conditions=inkmesh-source", path.join(projectRoot, "server/cli/main.ts")];

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What Node runs for `inkmesh …`. */
export function commandOf(...args: readonly string[]): readonly string[] {
  return [...entry, ...args];
}

/** What the command says, and how it ends. */
export async function inkmesh(...args: readonly string[]): Promise<Said> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, commandOf(...args), { cwd: projectRoot });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}
