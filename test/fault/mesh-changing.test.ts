/**
 * Real relays come and leave while people type at each that is there: one becomes three, two more come, drain at the same time, and their
 * folders are thrown away. An independent checker judges by what clients were told and by what readers with nothing see at every relay that is left.
 */
import { rmSync } from "node:fs";
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshRun, type Trouble } from "../harness/mesh-run.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { pause, until } from "../harness/until.ts";

afterEach(async () => {
  endRawSockets();
  await endInkClients();
  await endRelays();
});

const room = "written while relays come and go";
const changeWithinMs = 60_000;

async function fiveRelays(): Promise<readonly [MeshProcess, MeshProcess, MeshProcess, MeshProcess, MeshProcess]> {
  const relays = await relaysToStart({ a: ["a"], b: ["a"], c: ["a"], d: ["a"], e: ["b"] });
  return [relays["a"]!, relays["b"]!, relays["c"]!, relays["d"]!, relays["e"]!];
}

async function whenPlaced(relays: readonly MeshProcess[], place: string): Promise<void> {
  const places = (): Promise<readonly (string | undefined)[]> => Promise.all(relays.map((relay) => relay.place()));
  await until(`${relays.map(({ name }) => name).join(", ")}: ${place}`, async () => (await places()).every((is) => is === place), {
    timeoutMs: changeWithinMs,
    seen: places,
  });
}

/** Something that is done to the mesh while people type. */
function meanwhile(change: () => Promise<void>): Trouble {
  return { begin: change, end: () => undefined };
}

/** A copy may come a moment after most have it. */
async function reads(relay: MeshProcess, name: string, text: string): Promise<void> {
  await until(`${relay.name} reads ${name}`, async () => (await contentOf(relay, name)) === text, { seen: () => contentOf(relay, name) });
}

/** Other documents, each with a line, written at `relay` by somebody who then goes. */
async function documents(relay: MeshProcess, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `document ${index} of ${relay.name}`);
  const clients = await Promise.all(names.map((name) => new InkClient(relay, name).synced()));
  for (const [index, client] of clients.entries()) client.insert(0, `line of ${names[index]!}`);
  await Promise.all(clients.map((client) => client.saved()));
  await Promise.all(clients.map((client) => client.end()));
  return names;
}

test(
  "[P1] [P2] [P3] one becomes three, then five, then three: what was called saved is there, everywhere, and once",
  { timeout: 300_000 },
  async () => {
    const seed = aSeed("test/fault/mesh-changing.test.ts", "fault");
    const random = seededRandom(seed.value);
    const [a, b, c, d, e] = await fiveRelays();
    const run = new MeshRun({ relays: [a, b, c, d, e], room, random });
    await a.start();
    await whenPlaced([a], "member");
    const early = await documents(a, 20);

    const grown = await run.troubled(
      meanwhile(async () => {
        await Promise.all([b.start(), c.start()]);
        await becomeOneMesh([a, b, c]);
        await whenPlaced([a, b, c], "member");
      }),
      [],
      3_000,
      { at: [a], after: [a, b, c] },
    );
    expect(faults(grown.verdict), `again: ${seed.replay}`).toEqual(noFaults);

    const five = await run.troubled(
      meanwhile(async () => {
        await Promise.all([d.start(), e.start()]);
        await becomeOneMesh([a, b, c, d, e]);
        await whenPlaced([d, e], "member");
      }),
      [],
      3_000,
      { at: [a, b, c], after: [a, b, c, d, e] },
    );
    expect(faults(five.verdict), `again: ${seed.replay}`).toEqual(noFaults);
    const late = [...(await documents(d, 20)), ...(await documents(e, 20))];

    const writer = await new InkClient(d, "written at the one that leaves").synced();
    const drained = await run.troubled(
      meanwhile(async () => {
        await Promise.all([d.drain(), e.drain()]);
        for (let line = 0; line < 20; line++) {
          writer.insert(0, ".");
          await pause(100); // The pace of the load.
        }
        await whenPlaced([d, e], "left");
      }),
      [],
      3_000,
      { at: [a, b, c], after: [a, b, c, d, e] },
    );
    expect(faults(drained.verdict), `again: ${seed.replay}`).toEqual(noFaults);
    await writer.saved();
    for (const gone of [d, e]) expect(writer.mesh.status.url).not.toBe(gone.socketUrl("/sync"));
    await writer.end();
    for (const gone of [d, e]) {
      await gone.end("SIGKILL");
      rmSync(gone.data, { recursive: true });
    }
    await reads(a, "written at the one that leaves", ".".repeat(20));
    expect(faults(await run.read([a, b, c])), `again: ${seed.replay}`).toEqual(noFaults);
    for (const relay of [a, b, c]) for (const name of [...early, ...late]) await reads(relay, name, `line of ${name}`);
    expect(run.history.acknowledged).toBeGreaterThan(100);
  },
);

test(
  "[P3] a relay that is killed again and again while it drains goes on with it, and has left in the end",
  { timeout: 300_000 },
  async () => {
    const seed = aSeed("test/fault/mesh-changing.test.ts", "fault");
    const random = seededRandom(seed.value);
    const [a, b, c, d] = await fiveRelays();
    const relays = [a, b, c, d];
    await a.start();
    await Promise.all([b.start(), c.start(), d.start()]);
    await becomeOneMesh(relays);
    await whenPlaced(relays, "member");
    const names = await documents(d, 40);
    await d.drain();
    for (let kills = 0; kills < 3; kills++) {
      await pause(300 * random.fraction()); // Anywhere in the hand-over.
      await d.end("SIGKILL");
      await d.start();
    }
    await whenPlaced([d], "left");
    await d.end("SIGKILL");
    rmSync(d.data, { recursive: true });
    for (const relay of [a, b, c]) for (const name of names) await reads(relay, name, `line of ${name}`);
  },
);
