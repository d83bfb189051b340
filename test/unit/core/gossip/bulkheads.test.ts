/**
 * A document of megabytes, between relays whose links are slow, beside one of a letter: relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster } from "./relay-cluster.ts";

/** The links' window of 256 KiB takes this long to leave, and an answer comes back. */
const windowMs = 3_000;

test.each([1, 2, 3, 4, 7])("[P2] what a huge document has to say on slow links does not hold up another one (seed %i)", (seed) => {
  const cluster = aCluster({ seed });
  const [huge, small] = [new ClusterTypist(cluster, "huge", 1), new ClusterTypist(cluster, "small", 2)];
  huge.connect(cluster.seat(0));
  small.connect(cluster.seat(0));
  cluster.run(2_000);
  small.append("x");
  cluster.run(2_000);
  expect(small.unsaved).toBe(0);

  cluster.bytesPerMs = 100;
  for (let index = 0; index < 60; index++) huge.append("0123456789".repeat(2_000));
  cluster.run(1_000);
  small.append("y");
  // Only the window that is on its way. All of it takes 12 s.
  cluster.run(windowMs + 1_000);
  expect([small.unsaved, huge.unsaved > 30]).toEqual([0, true]);
  cluster.run(20_000);
  expect(huge.unsaved).toBe(0);
});

test("what is said of one document keeps its order while many wait", () => {
  const cluster = aCluster();
  const typists = Array.from({ length: 8 }, (_, index) => new ClusterTypist(cluster, `note ${index}`, index + 1).connect(cluster.seat(0)));
  cluster.run(2_000);
  cluster.bytesPerMs = 200;
  for (let index = 0; index < 40; index++)
    for (const typist of typists) typist.append(String(index).padEnd(1 + cluster.chance(3_000), "."));
  const came = new Map<string, number[]>();
  cluster.tap = (_from, to, { messages }) => {
    for (const message of messages)
      if (message.type === "entries" && to === cluster.seat(1))
        came.set(message.lineage.room, [...(came.get(message.lineage.room) ?? []), ...message.entries.map(({ dot }) => dot.counter)]);
  };
  cluster.run(30_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
  for (const counters of came.values()) expect(counters).toEqual(counters.map((_, index) => index + counters[0]!));
  expect(came.size).toBe(8);
});
