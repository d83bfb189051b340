/**
 * A relay inside an application: the example, run as it stands, and what `createRelay` takes and refuses.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

test("[P2] [P9] an application that takes back what it granted says so: who was in is out, and keeps what was not saved", async () => {
  const out = new Set<string>();
  const asked: string[] = [];
  const relay = await createRelay({
    ...{ port: 0, data: temporaryFolder("reconsidered"), log: "silent", name: "inside" },
    authorize: async ({ token }) => {
      asked.push(token);
      return out.has(token) ? { allow: false, reason: "Not any more." } : { allow: true, access: "write", user: token };
    },
  });
  const here = at(relay.address);
  const ada = await new InkClient(here, "plan", { credential: "ada" }).synced();
  const bob = await new InkClient(here, "plan", { credential: "bob" }).synced();
  const listens = await fetch(`${relay.address}/api/events?token=ada`);
  ada.insert(0, "wheels");
  await bob.reads("wheels");
  await ada.saved();

  out.add("ada");
  asked.length = 0;
  relay.reconsider({ user: "bob" });
  await until("Bob has been asked about", () => asked.length > 0);
  // Whoever else is meant has their moment at the same time as he, or a few milliseconds later.
  await sleep(100);
  expect(asked).toEqual(["bob"]);
  ada.insert(6, " turn");
  await bob.reads("wheels turn");
  await ada.saved();
  relay.reconsider({ room: "plan", user: "ada" });
  await until("Ada is refused", () => ada.room.status.problem?.detail === "Not any more.");
  ada.insert(0, "never ");
  await until("her edit waits", () => ada.room.status.waiting === 1);
  expect(ada.room.status.phase).toBe("refused");
  expect(ada.read()).toBe("never wheels turn");
  bob.insert(0, "big ");
  await bob.saved();
  expect(bob.read()).toBe("big wheels turn");
  // What was said of her before counts for nothing, however recent it is.
  const again = new InkClient(here, "plan", { credential: "ada" });
  await until("she does not get in again", () => again.room.status.phase === "refused");
  await expect(listens.text()).rejects.toThrow("terminated");
  expect((await fetch(`${relay.address}/api/events?token=ada`)).status).toBe(403);
  // Whatever is not understood would mean everybody.
  for (const [whom, why] of [
    [{ user: undefined }, /"user" must be a string/],
    [{ usr: "ada" }, /"usr" says nothing/],
    ["ada", /must be \{ room, user \}/],
    [{ room: "" }, /names no document/],
  ] as const)
    expect(() => relay.reconsider(whom as never)).toThrow(why);
  await Promise.all([ada.end(), bob.end(), again.end()]);
  await relay.stop();
});
