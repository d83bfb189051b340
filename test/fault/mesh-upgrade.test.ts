/**
 * Real relays of an older version are replaced by new ones, one after the other, while people write at each of them. The older version is
 * this one, told to speak no newer word to other relays; an independent checker judges by what clients were told and readers see.
 */
import { seededRandom } from "@inkmesh/shared/base/random";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { afterEach, expect, test } from "vitest";
import { boundaries, faults, type History, noFaults } from "../harness/checker.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshRun } from "../harness/mesh-run.ts";
import { mutatedProgram } from "../harness/mutated-relay.ts";
import { endRelays, temporaryFolder } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { pause, until } from "../harness/until.ts";
import type { Chance } from "../harness/typist.ts";

afterEach(async () => {
  await endInkClients();
  await endRelays();
});

const names = ["a", "b", "c"];
const room = "written while the mesh is upgraded";

/** Somebody who writes for as long as the test takes, wherever the client goes on. */
class Writer {
  readonly client: InkClient;
  /** How often there was a line again after it had been lost. */
  reconnects = -1;
  readonly #name: string;
  readonly #history: History;
  readonly #random: Chance;
  #timer: NodeJS.Timeout | undefined;

  constructor(relay: MeshProcess, options: { name: string; history: History; random: Chance }) {
    this.#name = options.name;
    this.#history = options.history;
    this.#random = options.random;
    let wasOnline = false;
    this.client = new InkClient(relay, room);
    this.client.mesh.on("status", ({ connection }) => {
      if (connection === "online" && !wasOnline) this.reconnects += 1;
      wasOnline = connection === "online";
    });
  }

  begin(): void {
    this.#timer = setInterval(() => this.#type(), 50);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.client.saved(30_000);
  }

  #type(): void {
    const token = this.#history.invoke(this.#name);
    const places = boundaries(this.client.read());
    this.client.insert(places[Math.floor(this.#random.fraction() * places.length)]!, token);
    // That it is not saved when the test has failed for another reason is no fault of its own.
    this.client.room.whenSaved().then(
      () => this.#history.acknowledge(token),
      () => undefined,
    );
  }
}

function olderProgram(): string {
  const file = "shared/dist/wire/protocol-version.js";
  const find = `export const meshVersion = ${meshVersion};`;
  return mutatedProgram({ what: "an older version", changes: [{ file, find, replace: `export const meshVersion = ${meshVersionMin};` }] });
}

async function whenPlaced(relay: MeshProcess, place: string): Promise<void> {
  await until(`${relay.name}: ${place}`, async () => (await relay.place()) === place, { timeoutMs: 60_000, seen: () => relay.view() });
}

/** Which version each of `relays` speaks with the others, as they say. */
async function spoken(relays: readonly MeshProcess[]): Promise<readonly number[]> {
  const views = await Promise.all(relays.map((relay) => relay.view()));
  return views.flatMap((view) => view.relays.flatMap(({ linked, version }) => (linked === true && version !== undefined ? [version] : [])));
}

test.each([
  { how: "drained, and replaced by one with a new folder", drains: true },
  { how: "stopped, and started again from its folder", drains: false },
])(
  "[P1] [P2] [P3] [P4] each relay is $how: nothing acknowledged is lost, and nobody has to go on elsewhere twice",
  { timeout: 300_000 },
  async ({ drains }) => {
    const seed = aSeed("test/fault/mesh-upgrade.test.ts", "fault");
    const random = seededRandom(seed.value);
    const older = olderProgram();
    const upgraded = Object.values(await relaysToStart({ a: names, b: names, c: names }));
    const relays = upgraded.map((relay) => relay.againWith({ program: older }));
    await startMesh(relays);
    expect(await spoken(relays)).toEqual(Array.from({ length: 6 }, () => meshVersionMin));
    const run = new MeshRun({ relays, room, random });
    const writers = relays.flatMap((relay) =>
      [1, 2].map((number) => new Writer(relay, { name: `${relay.name}-${number}`, history: run.history, random })),
    );
    await Promise.all(writers.map(({ client }) => client.synced()));
    for (const writer of writers) writer.begin();

    for (const [index, relay] of relays.entries()) {
      const there = writers.filter(({ client }) => client.mesh.status.relay === relay.name);
      expect(there.length, `people at ${relay.name}`).toBeGreaterThan(0);
      const before = writers.map(({ reconnects }) => reconnects);
      await pause(500 + 500 * random.fraction()); // People write.
      if (drains) {
        await relay.drain();
        await whenPlaced(relay, "left");
      }
      expect(await relay.end("SIGTERM")).toEqual({ code: 0, signal: null });
      relays[index] = drains ? upgraded[index]!.againWith({ data: temporaryFolder("upgraded") }) : upgraded[index]!;
      await relays[index]!.start();
      await becomeOneMesh(relays);
      await whenPlaced(relays[index]!, "member");
      await until("all have a line", () => writers.every(({ client }) => client.mesh.status.connection === "online"));
      const moved = writers.map((writer, each) => writer.reconnects - before[each]!);
      expect(Math.max(...moved), `${relay.name}, again: ${seed.replay}`).toBe(1);
      expect(there.map((writer) => moved[writers.indexOf(writer)]!)).toEqual(there.map(() => 1));
    }

    await Promise.all(writers.map((writer) => writer.end()));
    expect(await spoken(relays)).toEqual(Array.from({ length: 6 }, () => meshVersion));
    const releases = async (): Promise<readonly (string | undefined)[]> =>
      (await relays[0]!.view()).relays.flatMap(({ linked, release }) => (linked === true ? [release] : []));
    // A link says it a moment after it is up.
    await until("two others say their release", async () => (await releases()).filter((release) => release !== undefined).length === 2, {
      seen: releases,
    });
    for (const release of await releases()) expect(release).toMatch(/^\d+\.\d+\.\d+/);
    await Promise.all(writers.map(({ client }) => client.end()));
    expect(faults(await run.read(relays)), `again: ${seed.replay}`).toEqual(noFaults);
    // Somebody wrote all the time, however short that was.
    expect(run.history.acknowledged).toBeGreaterThan(100);
  },
);
