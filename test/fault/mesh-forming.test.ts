/**
 * Real relays that find each other, lose each other, and let nobody else in. How long each thing may take follows from the limits in
 * `server/mesh-limits.ts`: a dead process is noticed at once by its sockets, a silent one within two rounds of probes; dead is
 * called who was suspect for 4 s, up to 24 s while nobody confirms.
 */
import { afterEach, expect, test } from "vitest";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { MetricsReading } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

afterEach(() => endRelays());

const noticeMsMax = 8_000;
const deathMsMax = noticeMsMax + 24_000;

/** "a" founds, "b" and "c" join it. */
async function threeRelays(): Promise<readonly [MeshProcess, MeshProcess, MeshProcess]> {
  const { a, b, c } = (await relaysToStart({ a: [], b: ["a"], c: ["a"] })) as Record<"a" | "b" | "c", MeshProcess>;
  await Promise.all([a.start(), b.start(), c.start()]);
  await becomeOneMesh([a, b, c]);
  return [a, b, c];
}

/** Who has a place, and since which join; that a relay goes from joining to member meanwhile is its own affair. */
async function placesAt(relay: MeshProcess): Promise<readonly string[]> {
  const { ring } = await relay.view();
  return ring.records.map(({ relay: name, counter, status }) => `${name} ${counter} ${status.replace("joining", "member")}`);
}

/** Waits until all of `by` believe `relay` to be in `state`. */
async function believed(by: readonly MeshProcess[], relay: string, state: string, timeoutMs: number): Promise<void> {
  const seen = (): Promise<unknown> => Promise.all(by.map((other) => other.belief(relay)));
  const is = async (): Promise<boolean> =>
    (await Promise.all(by.map((other) => other.belief(relay)))).every((member) => member?.state === state);
  await until(`everybody believes ${relay} ${state}`, is, { timeoutMs, seen });
}

test("[P12] relays that are started one after the other, the founder last, are one mesh with one ring", async () => {
  const relays = await relaysToStart({ a: [], b: ["a"], c: ["b"] });
  for (const name of ["c", "b", "a"]) await relays[name]!.start();
  await becomeOneMesh(Object.values(relays));
  expect(await placesAt(relays["b"]!)).toEqual(["a 1 member", "b 1 member", "c 1 member"]);
  const { replicas, needed } = await relays["c"]!.view();
  expect({ replicas, needed }).toEqual({ replicas: 3, needed: 2 });
});

test("[P12] with one list for all the first of it founds, and a fourth may join through any of them", async () => {
  const list = ["a", "b", "c"];
  const relays = await relaysToStart({ c: list, b: list, a: list, d: ["c"] });
  const three = list.map((name) => relays[name]!);
  await Promise.all(three.map((relay) => relay.start()));
  await becomeOneMesh(three);
  expect(three.map((relay) => relay.stderr.includes("founded a mesh"))).toEqual([true, false, false]);
  await relays["d"]!.start();
  await becomeOneMesh([...three, relays["d"]!]);
});

test("[P12] a seed that is away keeps nobody waiting who has another one, and is found when it comes", { timeout: 120_000 }, async () => {
  const list = ["a", "b", "c"];
  const relays = await relaysToStart({ a: list, b: list, c: list, d: ["a", "b"] });
  const [a, b, c, d] = [...list, "d"].map((name) => relays[name]!) as [MeshProcess, MeshProcess, MeshProcess, MeshProcess];
  // Only the first of a list founds: without it the others serve their own clients, and go on asking.
  await Promise.all([c.start(), b.start()]);
  await until("both have tried in vain", () => [b, c].every((relay) => relay.stderr.includes("tried again and again")));
  for (const relay of [b, c]) expect((await fetch(`${relay.url}/ready`)).status).toBe(200);
  await a.start();
  await becomeOneMesh([a, b, c]);
  await a.end("SIGKILL");
  await d.start();
  await becomeOneMesh([b, c, d]);
  await a.start();
  await becomeOneMesh([a, b, c, d]);
  const places = ["a 1 member", "b 1 member", "c 1 member", "d 1 member"];
  await until("all know all places", async () => (await placesAt(a)).join() === places.join());
});

test("[P5] a relay that is killed is suspect, then dead, keeps its place, and is there again in another life", async () => {
  const [a, b, c] = await threeRelays();
  const places = await placesAt(a);
  const earlier = (await a.belief("c"))!.actor;
  await c.end("SIGKILL");
  await believed([a, b], "c", "suspect", noticeMsMax);
  await believed([a, b], "c", "dead", deathMsMax);
  expect(await placesAt(a)).toEqual(places);
  expect(a.stderr).toMatch(/warn c does not answer .*\n(.*\n)*.*warn c is lost/);
  await c.start();
  await becomeOneMesh([a, b, c]);
  expect((await a.belief("c"))!.actor).not.toBe(earlier);
  expect(await placesAt(a)).toEqual(places);
  await c.end("SIGTERM");
  await believed([a, b], "c", "left", noticeMsMax);
  expect(a.stderr).toContain("c has stopped, and said so");
});

test("a relay that stood still refutes its death in the same life, and believes nobody else dead meanwhile", async () => {
  const [a, b, c] = await threeRelays();
  const { actor } = (await a.belief("c"))!;
  c.signal("SIGSTOP");
  await believed([a, b], "c", "suspect", noticeMsMax);
  await believed([a, b], "c", "dead", deathMsMax);
  c.signal("SIGCONT");
  await believed([a, b], "c", "alive", noticeMsMax);
  const again = (await a.belief("c"))!;
  expect([again.actor, again.incarnation > 0]).toEqual([actor, true]);
  await becomeOneMesh([a, b, c]);
  expect(c.stderr).not.toMatch(/is lost|does not answer/);
  expect(a.stderr).toContain("c is found again; it was believed dead");
});

test("[P9] a relay with another secret, and one of another mesh, are refused with a code and a line on both sides", async () => {
  const relays = await relaysToStart({ a: [], x: ["a"], y: [] }, { x: "another horse battery staple" });
  const [a, x, y] = ["a", "x", "y"].map((name) => relays[name]!) as [MeshProcess, MeshProcess, MeshProcess];
  await Promise.all([a.start(), x.start(), y.start()]);
  await until("x was refused", () => a.stderr.includes("who says it is x") && x.stderr.includes("code=MESH_SECRET"));
  await y.end("SIGTERM");
  const rejoining = y.againWith({ args: ["--join", a.meshAddress] });
  await rejoining.start();
  await until("y was refused", () => a.stderr.includes("who says it is y") && rejoining.stderr.includes("code=OTHER_MESH"));
  expect(a.stderr).toMatch(/who says it is x: The relay does not know the secret of this mesh\. Give both relays the same secret/);
  expect(a.stderr).toMatch(/who says it is y: The two relays belong to different meshes\./);
  const { relays: members, links, ring } = await a.view();
  expect([members.length, links, ring.records.length]).toEqual([1, [], 1]);
  const metrics = await MetricsReading.of(a);
  expect(metrics.value("inkmesh_mesh_links_refused_total", 'code="MESH_SECRET"')).toBeGreaterThanOrEqual(1);
  // Both serve their own clients all the same.
  for (const relay of [x, rejoining]) expect((await fetch(`${relay.url}/ready`)).status).toBe(200);
});

test("a relay that starts from its folder needs no --join, and finds the others where they were", async () => {
  const relays = await relaysToStart({ a: [], b: ["a"] });
  const [a, b] = [relays["a"]!, relays["b"]!];
  await Promise.all([a.start(), b.start()]);
  await becomeOneMesh([a, b]);
  const { mesh } = await a.view();
  await Promise.all([a.end("SIGKILL"), b.end("SIGKILL")]);
  const alone = b.againWith({ args: [] });
  await Promise.all([a.start(), alone.start()]);
  await becomeOneMesh([a, alone]);
  expect((await alone.view()).mesh).toBe(mesh);
});
