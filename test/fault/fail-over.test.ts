/**
 * A client of our library loses its relay and goes on at another one of the mesh.
 */
import { afterEach, expect, test } from "vitest";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";

afterEach(async () => {
  await endInkClients();
  await endRelays();
});

const names = ["a", "b", "c"];
/** What a person notices as a pause, not as an outage. */
const goesOnWithinMs = 5_000;
/** A relay that stands still looks like one that is slow for some seconds. */
const noticedWithinMs = 10_000;

async function threeRelays(): Promise<readonly MeshProcess[]> {
  const relays = Object.values(await relaysToStart({ a: names, b: names, c: names }));
  await Promise.all(relays.map((relay) => relay.start()));
  await becomeOneMesh(relays);
  const areMembers = async (): Promise<boolean> => (await relays[0]!.view()).ring.records.every(({ status }) => status === "member");
  await until("all disks are whole", areMembers);
  return relays;
}

/** Types a letter every few milliseconds until `stop`; answers what it typed. */
function typing(client: InkClient): { stop(): string } {
  let typed = "";
  const timer = setInterval(() => {
    const letter = String.fromCharCode(97 + (typed.length % 26));
    client.insert(typed.length, letter);
    typed += letter;
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return typed;
    },
  };
}

test.each([
  ["killed", "SIGKILL", "by that relay"],
  ["stopped", "SIGTERM", "by the application"],
] as const)(
  "[P2] [P4] [P6] the relay is %s (%s) while somebody types who knows of the others %s: it goes on there, nothing is lost, and saved is true",
  { timeout: 90_000 },
  async (_, signal, teller) => {
    const relays = await threeRelays();
    const [first, ...others] = relays;
    const client = await new InkClient(teller === "by that relay" ? first! : relays, "moving").synced();
    expect(client.mesh.status.relay).toBe("a");
    const typist = typing(client);
    await pause(500);
    const ended = first!.end(signal);
    await until("it is online at another relay", () => client.mesh.status.connection === "online" && client.mesh.status.relay !== "a", {
      timeoutMs: goesOnWithinMs,
      seen: () => client.mesh.status,
    });
    await pause(300);
    const typed = typist.stop();
    expect(typed.length).toBeGreaterThan(50);
    await client.saved();
    expect(client.read()).toBe(typed);
    expect(client.room.status).toMatchObject({ phase: "saved", copies: 2, replicas: 3, needed: 2 });
    await client.end();
    await ended;
    // Nobody is there who could repair anything: what is read now is on the disks of those that were left.
    for (const relay of others) {
      await relay.crashAndRestart();
      expect(await contentOf(relay, "moving")).toBe(typed);
    }
  },
);

test(
  "[P2] [P4] the relay stands still while two people type at it: within seconds both go on at others, and stay there when it is back",
  { timeout: 90_000 },
  async () => {
    const relays = await threeRelays();
    const [first, ...others] = relays;
    const clients = [await new InkClient(first!, "frozen").synced(), await new InkClient(first!, "frozen").synced()];
    const typists = clients.map(typing);
    await pause(500);
    first!.signal("SIGSTOP");
    await until(
      "both are online at other relays",
      () => clients.every(({ mesh: { status } }) => status.relay !== "a" && status.relay !== undefined),
      {
        timeoutMs: noticedWithinMs,
        seen: () => clients.map(({ mesh }) => mesh.status),
      },
    );
    await pause(300);
    for (const typist of typists) typist.stop();
    for (const client of clients) await client.saved();
    const text = clients[0]!.read();
    await clients[1]!.reads(text);
    // What they call saved now is read from the disks of those that were not frozen, by nobody who could repair it.
    for (const relay of others) expect(await contentOf(relay, "frozen")).toBe(text);

    first!.signal("SIGCONT");
    await until("the third relay has it, too", async () => (await contentOf(first!, "frozen")) === text);
    // As long as a client that was about to go back would have had time to.
    await pause(noticedWithinMs);
    for (const { mesh } of clients) expect(mesh.status).toMatchObject({ connection: "online", relay: expect.stringMatching(/^[bc]$/) });
    for (const client of clients) expect(client.read()).toBe(text);
  },
);
