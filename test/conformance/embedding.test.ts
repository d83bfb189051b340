/**
 * A relay inside an application: the example, run as it stands, and what `createRelay` takes and refuses.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { createRelay } from "../../server/index.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRelays, projectRoot, type RelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

let example: ChildProcess | undefined;

afterEach(endInkClients);
afterAll(async () => {
  example?.kill("SIGKILL");
  await endRelays();
});

/** As clients of the harness see a relay. */
const at = (url: string): RelayProcess =>
  ({ url, socketUrl: (path: string) => `${url.replace("http", "ws")}${path}` }) satisfies Pick<
    RelayProcess,
    "url" | "socketUrl"
  > as RelayProcess;

test("[P9] the example lets people write in their team's documents, read the others, and sends away who has not signed in", async () => {
  const command = [join(projectRoot, "examples/embedded-relay/main.mjs"), "0", temporaryFolder("embedded")];
  const program = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  example = program;
  const ended = new Promise((resolve) => program.once("exit", (code) => resolve(code)));
  let said = "";
  program.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("the application is ready", () => said.endsWith("\n"));
  const relay = at(/^ready on (http:\S+)\n$/.exec(said)![1]!);

  const ada = await new InkClient(relay, "engines/plan", { credential: "ada-1815" }).synced();
  ada.insert(0, "wheels");
  await ada.saved();
  const bob = await new InkClient(relay, "engines/plan", { credential: "bob-1913" }).synced();
  await bob.reads("wheels");
  bob.insert(0, "no ");
  await until("Bob hears that he may only read", () => bob.room.status.problem?.code === "READ_ONLY");
  const stranger = new InkClient(relay, "engines/plan");
  await until("the stranger is refused", () => stranger.room.status.problem?.detail === "Sign in first.");
  const answers = ["/api/rooms", "/api/rooms/engines%2Fplan/content?format=text"].map((path) =>
    fetch(`${relay.url}${path}`, { headers: { Authorization: "Bearer bob-1913" } }),
  );
  const [list, content] = await Promise.all(answers);
  expect([list?.status, await content?.text()]).toEqual([403, "wheels"]);
  program.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test("an application gets a relay by the names of its settings, or an error that says what would be right", async () => {
  const data = temporaryFolder("embedded");
  const relay = await createRelay({ port: 0, data, log: "silent", name: "inside" });
  expect(await (await fetch(`${relay.address}/api/rooms`)).json()).toMatchObject({ rooms: [] });
  await expect(createRelay({ port: 0, data, log: "silent" })).rejects.toThrow(/in use|locked|another/i);
  await relay.stop();
  await expect(createRelay({ port: 70_000 })).rejects.toThrow(/^"port" in the --config file must be a port from 0 to 65535/);
  await expect(createRelay({ prot: 1 } as never)).rejects.toThrow(/^"prot" in the --config file must be one of /);
});
