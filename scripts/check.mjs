/**
 * The check before every commit, in a minute or a few: types, lint, format, dead code, and the tests that need no second
 * process. The static steps run beside the tests; the first red step does not hide the others.
 */
import { installed, runStep } from "./step.mjs";

const fix = process.argv.includes("--fix");
const tests = ["unit", "tidy"].flatMap((project) => ["--project", project]);

const results = await Promise.all([
  staticSteps(),
  runStep({
    name: "tests",
    command: installed("vitest", "run", ...tests, "--reporter=dot", "--reporter=./scripts/tally-reporter.mjs"),
    quiet: true,
    // It ends what hangs, not what a busy machine makes slow.
    minutes: 16,
  }),
]);
const failed = results.flat().filter((step) => !step.ok);
process.stdout.write(failed.length === 0 ? "check: all fine\n" : `check: ${failed.map((step) => step.name).join(", ")} failed\n`);
process.exit(failed.length === 0 ? 0 : 1);

async function staticSteps() {
  const format = await runStep({ name: "format", command: installed("oxfmt", fix ? "--write" : "--check", "."), quiet: true });
  const lint = await runStep({ name: "lint", command: installed("oxlint", "--deny-warnings", ...(fix ? ["--fix"] : [])), quiet: true });
  const types = await runStep({ name: "types", command: installed("tsc", "-b"), quiet: true });
  const deadCode = await runStep({ name: "dead code", command: installed("knip", "--no-progress"), quiet: true });
  return [format, lint, types, deadCode];
}
