/**
 * Cursors of people at three real relays, released y-websocket clients among them, when relays are killed or stand still.
 */
import { afterEach, test } from "vitest";
import type { Awareness } from "y-protocols/awareness";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  await endInkClients();
  await endRelays();
});

const names = ["a", "b", "c"];

async function threeRelays(): Promise<readonly MeshProcess[]> {
  const relays = Object.values(await relaysToStart({ a: names, b: names, c: names }));
  await Promise.all(relays.map((relay) => relay.start()));
  await becomeOneMesh(relays);
  return relays;
}

/** The names that others show, as `awareness` has them. */
function seenBy(awareness: Awareness): readonly string[] {
  const others = [...awareness.getStates()].filter(([id]) => id !== awareness.clientID);
  return others.map(([, state]) => String(state["name"])).toSorted();
}

function sees(awareness: Awareness, expected: readonly string[], timeoutMs: number): Promise<void> {
  const seen = (): readonly string[] => seenBy(awareness);
  return until(`${expected.join(", ") || "nobody"} is seen`, () => seen().join() === expected.join(), { timeoutMs, seen });
}

test.each(["SIGKILL", "SIGSTOP"] as const)("[P10] [P11] cursors at other relays are seen, and gone within 5 s of a %s", async (signal) => {
  const [a, b, c] = (await threeRelays()) as [MeshProcess, MeshProcess, MeshProcess];
  const [ada, cyd] = [await new YClient(a, "seen").synced(), await new YClient(c, "seen").synced()];
  const bob = await new InkClient(b, "seen").synced();
  ada.awareness.setLocalState({ name: "ada" });
  bob.room.awareness.setLocalState({ name: "bob" });
  cyd.awareness.setLocalState({ name: "cyd" });
  await sees(ada.awareness, ["bob", "cyd"], 3_000);
  await sees(bob.room.awareness, ["ada", "cyd"], 3_000);
  await sees(cyd.awareness, ["ada", "bob"], 3_000);

  if (signal === "SIGKILL") await b.end("SIGKILL");
  else b.signal("SIGSTOP");
  await Promise.all([sees(ada.awareness, ["cyd"], 5_000), sees(cyd.awareness, ["ada"], 5_000)]);

  // Whoever is there again is seen again.
  if (signal === "SIGKILL") await b.start();
  else b.signal("SIGCONT");
  await Promise.all([sees(ada.awareness, ["bob", "cyd"], 10_000), sees(cyd.awareness, ["ada", "bob"], 10_000)]);
  await sees(bob.room.awareness, ["ada", "cyd"], 10_000);
  await bob.end();
  await sees(ada.awareness, ["cyd"], 5_000);
  await sees(cyd.awareness, ["ada"], 5_000);
});
