/**
 * Step: one command of a script, with a name, a time budget and a progress line at its start and end.
 *
 * A step that outlives its budget is ended together with everything it started (its process group) and counts as
 * failed. `quiet` holds the output back and shows it only on failure, so that steps which run side by side do not mix.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** The command line of a program that an installed package brings. */
export function installed(program, ...args) {
  return [resolve(projectRoot, "node_modules/.bin", program), ...args];
}

/** Runs a step to its end; answers `{ name, ok, seconds, output }` and never throws. */
export function runStep({ name, command, minutes = 10, quiet = false, env = {} }) {
  const startedAt = performance.now();
  process.stdout.write(`· ${name} …\n`);
  return new Promise((done) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: projectRoot,
      detached: true,
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
      env: { ...process.env, ...env },
    });
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    let outOfTime = false;
    const budget = setTimeout(() => {
      outOfTime = true;
      endGroup(child.pid, "SIGKILL");
    }, minutes * 60_000);
    const onSignal = (signal) => {
      endGroup(child.pid, "SIGTERM");
      process.exit(128 + constants.signals[signal]);
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    const finish = (ok, failure) => {
      clearTimeout(budget);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      const output = Buffer.concat(chunks).toString("utf8");
      if (!ok && quiet) process.stdout.write(output);
      const seconds = (performance.now() - startedAt) / 1000;
      process.stdout.write(`${ok ? "✓" : "✗"} ${name}: ${ok ? "" : `${failure}, `}${seconds.toFixed(1)} s\n`);
      done({ name, ok, seconds, output });
    };
    child.on("error", (error) => finish(false, error.message));
    child.on("close", (code) => finish(code === 0, outOfTime ? `not done within ${minutes} min` : `exit code ${code}`));
  });
}

function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
