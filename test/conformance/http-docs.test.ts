/**
 * The lines of `docs/http.md`, run as a reader would, against a relay.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";

afterAll(() => endRelays());

/** Each piece of shell with the output that stands behind it. */
function examples(): readonly { script: string; output: string }[] {
  const page = readFileSync(new URL("../../docs/http.md", import.meta.url), "utf8");
  return [...page.matchAll(/```sh\n([^]*?)```(?:\n\n```text\n([^]*?)```)?/g)].map(([, script = "", output = ""]) => ({ script, output }));
}

function hasCurl(): boolean {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    // Not installed.
    return false;
  }
}

test.skipIf(!hasCurl())("each line of the page does what the page says (needs curl)", async () => {
  const relay = await startRelayProcess();
  const all = examples();
  expect(all.length).toBeGreaterThan(2);
  // One shell for all, since later lines use what earlier ones set.
  const script = all
    .map(({ script }) => `${script}\necho ----`)
    .join("\n")
    .replaceAll("http://127.0.0.1:4400", relay.url);
  const output = execFileSync("bash", ["-c", script], { encoding: "utf8", timeout: 60_000 });
  expect(output.split("----\n").slice(0, -1)).toEqual(all.map(({ output }) => output));
});
