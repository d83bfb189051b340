import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { settingsFrom } from "../../../server/cli/relay-options.ts";
import { startRelay } from "../../../server/main.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const fromSource = ["--import", "tsx", "--conditions=inkmesh-source", path.join(root, "server/cli/main.ts")];

let folder: string;
const running: ChildProcess[] = [];

beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-cli-"))));
afterEach(async () => {
  await Promise.all(running.splice(0).map(endOf));
  fs.rmSync(folder, { recursive: true });
});

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** The command with its own working directory; `said` is what it wrote so far. */
function inkmesh(args: readonly string[], environment: Record<string, string> = {}) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|INKMESH_)/.test(name)),
  );
  // tsx is found from the project, the data folder is resolved from here.
  const child = spawn(process.execPath, [...fromSource, ...args], { cwd: root, env: { ...inherited, ...environment } });
  running.push(child);
  const said = { out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => (said.out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.err += data.toString()));
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, said, exit };
}

function within(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 60_000, interval: 25 });
}

const readyLine = /^inkmesh relay (\S+) ready on (http:\/\/127\.0\.0\.1:\d+)\n/;

async function addressOf(said: { out: string; err: string }): Promise<string> {
  await within(() => expect(said.out, said.err).toMatch(readyLine));
  return readyLine.exec(said.out)![2]!;
}

const data = (): string => path.join(folder, "a");
const quiet = ["--log", "silent"];

describe("inkmesh relay", { timeout: 120_000 }, () => {
  test("prints one line on stdout when it can serve, and SIGTERM ends it with 0", async () => {
    const { child, said, exit } = inkmesh(["relay", "--port", "0", "--name", "berlin", "--data", data()]);
    const address = await addressOf(said);
    expect((await fetch(`${address}/ready`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
    expect(said.out).toBe(`inkmesh relay berlin ready on ${address}\n`);
    expect(said.err).toContain("the relay has stopped");
  });

  test("a mistake of ours is logged and ends it with 1", async () => {
    const mistake = "data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('a planted mistake')})";
    const { child, said, exit } = inkmesh(["relay", "--port", "0", "--data", data()], { NODE_OPTIONS: `--import "${mistake}"` });
    await addressOf(said);
    child.kill("SIGUSR2");
    expect(await exit).toBe(1);
    expect(said.err).toMatch(/fatal the relay made a mistake and ends[^]*a planted mistake/);
  });

  test("takes its settings from environment and file, logs JSON on stderr, and warns in words when others can reach it", async () => {
    const config = path.join(folder, "config.json");
    fs.writeFileSync(config, JSON.stringify({ name: "from-file", log: "json", limits: { handshakeMs: 100 } }));
    const { said } = inkmesh(["relay", "--data", data()], { INKMESH_CONFIG: config, INKMESH_PORT: "0", INKMESH_HOST: "0.0.0.0" });
    await within(() => expect(said.out).toMatch(/^inkmesh relay from-file ready on http:\/\/0\.0\.0\.0:\d+\n$/));
    const [warning, advice, remedy, line] = said.err.split("\n");
    expect(warning).toContain("anybody who can reach it can read and write every document");
    expect(advice).toContain("Without https");
    expect(remedy).toContain("a proxy with https");
    expect(JSON.parse(line!)).toMatchObject({ relay: "from-file", msg: "the relay serves" });
  });

  test.each<[wrong: string, args: string[], sentence: RegExp]>([
    ["a bad port", ["relay", "--port", "65536"], /^--port must be a port from 0 to 65535, where 0 picks a free one, not "65536"\.\n$/],
    ["an unknown option", ["relay", "--prot", "1"], /^Unknown option '--prot' \(Did you mean --port\?\)\. See: inkmesh --help\n$/],
    ["no relays", ["start", "--relays", "0"], /^--relays must be a number from 1 to 9, not "0"\.\n$/],
    ["one name for three relays", ["start", "--name", "x"], /^--name is for one relay\. Several are called a, b, c\.\n$/],
    ["no ports for the last", ["start", "--port", "65534"], /^--port must leave room for the 2 that follow it\.\n$/],
    ["an unknown command", ["realy"], /^Unknown command 'realy'/],
  ])("%s ends with exit code 2 and one sentence", async (_wrong, args, sentence) => {
    const { said, exit } = inkmesh(args);
    expect(await exit).toBe(2);
    expect(said).toEqual({ out: "", err: expect.stringMatching(sentence) });
  });
});

describe("inkmesh relay --join", { timeout: 120_000 }, () => {
  test("needs the secret of the mesh, and says so with exit code 2", async () => {
    const { said, exit } = inkmesh(["relay", "--port", "0", "--data", data(), "--join", "ws://127.0.0.1:1/mesh"]);
    expect(await exit).toBe(2);
    expect(said.err).toMatch(/^--join needs the secret of the mesh: give all its relays the same one by --mesh-secret-file/);
    expect(said.out).toBe("");
  });
});

describe("inkmesh verify", { timeout: 120_000 }, () => {
  test("finds nothing in a sound folder, and says what is damaged in another", async () => {
    const answer = settingsFrom({ port: "0", data: data(), log: "silent" }, {});
    const started = await startRelay((answer as Extract<typeof answer, { ok: true }>).settings);
    if (!started.ok) throw new Error(started.sentence);
    await started.relay.stop();
    const sound = inkmesh(["verify", "--data", data()]);
    expect([await sound.exit, sound.said.out]).toEqual([0, "Everything is as it was written.\n"]);
    fs.truncateSync(path.join(data(), "log.sqlite"), 8_192);
    const damaged = inkmesh(["verify", "--data", data()]);
    expect([await damaged.exit, damaged.said.out]).toEqual([1, expect.stringMatching(/^where +what +document +kept as\n/)]);
  });

  test("has a relay that runs look at its own disk, with the secret only", async () => {
    const answer = settingsFrom({ port: "0", data: data(), log: "silent" }, {});
    const started = await startRelay((answer as Extract<typeof answer, { ok: true }>).settings);
    if (!started.ok) throw new Error(started.sentence);
    const at = ["--at", started.relay.address, "--mesh-secret-file", path.join(data(), "mesh.secret")];
    const body = JSON.stringify({ room: "note" });
    await fetch(`${started.relay.address}/api/rooms`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const words = inkmesh(["verify", ...at]);
    expect([await words.exit, words.said.out]).toEqual([
      0,
      expect.stringContaining("everything is as it was written and equal (1 document)."),
    ]);
    const json = inkmesh(["verify", "--relay", ...at.slice(1), "--json"]);
    expect([await json.exit, JSON.parse(json.said.out)]).toMatchObject([0, { rooms: [{ room: "note", verdict: "equal" }], damage: [] }]);
    const other = path.join(data(), "other");
    fs.writeFileSync(other, "another secret of sixteen");
    const refused = inkmesh(["verify", ...at.slice(0, 2), "--mesh-secret-file", other]);
    expect([await refused.exit, refused.said.err]).toEqual([2, expect.stringMatching(/secret/)]);
    const both = inkmesh(["verify", ...at, "--data", data()]);
    expect([await both.exit, both.said.err]).toEqual([2, expect.stringMatching(/^--data is for a relay that is stopped/)]);
    await started.relay.stop();
  });
});

describe("inkmesh start --relays 1", { timeout: 120_000 }, () => {
  test("says where to look, starts a relay that died again at the same address, and drains at Ctrl-C", async () => {
    const { child, said, exit } = inkmesh(["start", "--relays", "1", "--port", "0", "--data", data(), ...quiet]);
    const address = await addressOf(said);
    await within(() => expect(said.out).toContain(`Open ${address} in a browser`));
    const relayProcess = Number(fs.readFileSync(path.join(data(), "relay.pid"), "utf8"));
    process.kill(relayProcess, "SIGKILL");
    await within(() => expect(said.out.split("\n").filter((line) => line === `inkmesh relay a ready on ${address}`)).toHaveLength(2));
    expect(said.err).toBe("Relay a ended by itself (signal SIGKILL). It is started again in 200 ms.\n");
    expect((await fetch(`${address}/ready`)).status).toBe(200);
    child.kill("SIGINT");
    child.kill("SIGINT");
    expect(await exit).toBe(0);
    await expect(fetch(`${address}/health`)).rejects.toThrow("fetch failed");
  });

  test("a relay whose supervisor was killed stops by itself", async () => {
    const { child, said } = inkmesh(["start", "--relays", "1", "--port", "0", "--data", data(), ...quiet]);
    const address = await addressOf(said);
    child.kill("SIGKILL");
    await within(() => expect(fetch(`${address}/health`)).rejects.toThrow("fetch failed"));
  });

  test("gives up with the relay's sentence where it cannot work", async () => {
    const first = inkmesh(["relay", "--port", "0", "--data", data(), ...quiet]);
    await addressOf(first.said);
    const { said, exit } = inkmesh(["start", "--relays", "1", "--port", "0", "--data", data(), ...quiet]);
    expect(await exit).toBe(2);
    expect(said.err).toMatch(/is in use by another relay/);
  });
});

describe("inkmesh start", { timeout: 120_000 }, () => {
  interface MeshAnswer {
    readonly mesh: string;
    readonly replicas: number;
    readonly links: readonly string[];
    readonly ring: { readonly records: readonly { relay: string; status: string }[] };
  }

  const meshOf = async (address: string): Promise<MeshAnswer> => (await (await fetch(`${address}/api/mesh`)).json()) as MeshAnswer;

  /** What it says when all its relays are one mesh. */
  const welcome = /^Open (\S+) in a browser.* The others are (\S+) and (\S+)\.$/m;

  async function addressesOf(said: { out: string; err: string }): Promise<readonly string[]> {
    await within(() => expect(said.out, said.err).toMatch(welcome));
    return welcome.exec(said.out)!.slice(1);
  }

  test("brings up three relays that are one mesh, starts one that died again, and drains all at Ctrl-C", async () => {
    const { child, said, exit } = inkmesh(["start", "--port", "0", "--data", folder, ...quiet]);
    const addresses = await addressesOf(said);
    for (const address of addresses) {
      const members = async (): Promise<string[]> => (await meshOf(address)).ring.records.map(({ relay, status }) => `${relay} ${status}`);
      await within(async () => expect(await members()).toEqual(["a member", "b member", "c member"]));
    }
    expect(new Set((await Promise.all(addresses.map(meshOf))).map(({ mesh }) => mesh)).size).toBe(1);
    expect(fs.statSync(path.join(folder, "mesh.secret")).mode & 0o777).toBe(0o600);
    process.kill(Number(fs.readFileSync(path.join(folder, "b", "relay.pid"), "utf8")), "SIGKILL");
    await within(() => expect(said.out.split("\n").filter((line) => line === `inkmesh relay b ready on ${addresses[1]}`)).toHaveLength(2));
    expect(said.err).toBe("Relay b ended by itself (signal SIGKILL). It is started again in 200 ms.\n");
    await within(async () => expect((await meshOf(addresses[0]!)).links).toHaveLength(2));
    expect(said.out.match(/Inkmesh is running/g)).toHaveLength(1);
    child.kill("SIGINT");
    expect(await exit).toBe(0);
    for (const address of addresses) await expect(fetch(`${address}/health`)).rejects.toThrow("fetch failed");
  });

  test("a relay that ran alone goes on as the first of three, with its documents and its secret", async () => {
    const alone = inkmesh(["start", "--relays", "1", "--port", "0", "--data", data(), ...quiet]);
    const address = await addressOf(alone.said);
    const created = await fetch(`${address}/api/rooms`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ room: "minutes" }),
    });
    expect(created.status).toBe(201);
    const { mesh } = await meshOf(address);
    alone.child.kill("SIGTERM");
    expect(await alone.exit).toBe(0);
    const { said } = inkmesh(["start", "--port", "0", "--data", folder, ...quiet]);
    const addresses = await addressesOf(said);
    for (const other of addresses) expect((await meshOf(other)).mesh).toBe(mesh);
    for (const other of addresses) {
      await within(async () => expect((await fetch(`${other}/api/rooms/minutes`)).status).toBe(200));
    }
    const [own, shared] = ["a/mesh.secret", "mesh.secret"].map((file) => fs.readFileSync(path.join(folder, file)));
    expect(shared).toEqual(own);
  });

  test("says in words which port is taken, and leaves no relay behind", async () => {
    const first = inkmesh(["relay", "--port", "0", "--data", data(), ...quiet]);
    const taken = Number(new URL(await addressOf(first.said)).port);
    const home = path.join(folder, "home");
    const { said, exit } = inkmesh(["start", "--port", String(taken - 1), "--data", home, ...quiet]);
    expect(await exit).toBe(2);
    expect(said.err).toContain(`Port ${taken} on 127.0.0.1 is in use`);
    expect(said.err).toContain("Relay b cannot start, so all are stopped.");
    for (const port of [taken - 1, taken + 1]) await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow("fetch failed");
  });

  test("does not take the folder of one relay for that of several, and says what to do", async () => {
    fs.writeFileSync(path.join(folder, "relay.name"), "a\n");
    const { said, exit } = inkmesh(["start", "--port", "0", "--data", folder, ...quiet]);
    expect(await exit).toBe(2);
    expect(said.err).toMatch(/^The data folder \S+ is that of one relay\. Move it to \S+, and its documents go on there/);
  });

  test("one relay of several says that nothing can be saved while the others do not run", async () => {
    fs.mkdirSync(path.join(folder, "b"));
    fs.writeFileSync(path.join(folder, "b", "mesh.json"), "");
    const { said } = inkmesh(["start", "--relays", "1", "--port", "0", "--data", data(), ...quiet]);
    await within(() => expect(said.out).toContain("While most of them do not run, nothing is called saved."));
  });
});
