/**
 * TallyReporter: what a vitest run came to, as one JSON file that `test-all.mjs` sums up: how many tests passed, which
 * failed, and which were skipped with their reason (vitest's own JSON leaves the reason out).
 *
 * A file that does not load, or an error outside any test, counts as one failed test: it must never read as success.
 * Where the file goes is said by the environment, `INKMESH_TALLY`; without it the reporter does nothing.
 */
import { writeFileSync } from "node:fs";

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const path = process.env.INKMESH_TALLY;
    if (!path) return;
    const tally = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) addModule(tally, module);
    for (const error of unhandledErrors) tally.failed.push(`an error outside any test: ${error.message}`);
    writeFileSync(path, JSON.stringify(tally));
  }
}

function addModule(tally, module) {
  const name = module.relativeModuleId ?? module.moduleId;
  for (const error of module.errors()) tally.failed.push(`${name}: ${error.message}`);
  for (const suite of module.children.allSuites()) {
    for (const error of suite.errors()) tally.failed.push(`${name} > ${suite.fullName}: ${error.message}`);
  }
  for (const test of module.children.allTests()) {
    const title = `${name} > ${test.fullName}`;
    const result = test.result();
    if (result.state === "passed") tally.passed += 1;
    else if (result.state === "skipped") tally.skipped.push({ title, reason: result.note ?? "no reason given" });
    else tally.failed.push(title);
  }
}
