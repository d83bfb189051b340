/**
 * Whom a relay asks for what, and what it costs to have many documents wait: counted in looks at the clock, not in time.
 */
import { expect, test } from "vitest";
import { actorOf, relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import { HistoryFetches } from "../../../../server/core/gossip/history-fetches.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import { aLineage } from "../core-world.ts";

test("[P8] with thousands of documents that wait, a look at what is due is as short as with one", () => {
  let [looks, monotonicMs] = [0, 0];
  const begun: string[] = [];
  const context = {
    get now() {
      looks += 1;
      return { monotonicMs, wallMs: 0 };
    },
    placement: { limits: { keptHistoryMs: 1, compareChangedMs: 1_000 } },
    histories: { readCoverage: ({ room }: { room: string }) => void begun.push(room) },
  };
  const fetches = new HistoryFetches(context as unknown as RelayContext);
  for (let index = 0; index < 4_096; index++) fetches.note(aLineage(`room ${index}`));
  expect([fetches.size, fetches.nextDeadline()]).toEqual([4_096, 1_000]);
  looks = 0;
  fetches.due();
  expect([begun, looks < 10]).toEqual([[], true]);
  monotonicMs = 1_000;
  looks = 0;
  fetches.due();
  expect([begun, looks < 10]).toEqual([["room 0", "room 1"], true]);
  // Nothing is due while two are at the disk.
  expect(fetches.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  { linked: ["b"], asked: ["b finer", "b finer"] },
  { linked: ["b", "c"], asked: ["b finer", "c finer", "b state", "b finer", "c state", "c finer", "b finer", "c finer"] },
])(
  "what histories begin with is asked for once every other replica has given what it tells finer, and not again where it was refused: $linked",
  ({ linked, asked }) => {
    const said: string[] = [];
    const actors = linked.map((relay) => actorOf(relay as RelayId, new Uint8Array(8)));
    const lacking = {
      coverage: { base: VectorClock.empty, old: [], told: [] },
      clock: VectorClock.of([[actorOf("z" as RelayId, new Uint8Array(8)), 3]]),
    };
    const context = {
      self: "a",
      now: { monotonicMs: 0, wallMs: 0 },
      placement: {
        limits: { keptHistoryMs: 1, compareChangedMs: 0, exchangeAgainMs: 10, differenceBytesMax: 1_000 },
        of: () => ({ isReplica: true, replicas: ["a", "b", "c"], mayKnow: () => true }),
      },
      peers: {
        linked: actors,
        lifeOf: (relay: string) => actors.find((actor) => relayOf(actor) === relay),
        tell: (to: ActorId, { lineage, exchange, wantsBase }: Extract<MeshHistoryMessage, { type: "history-request" }>) => {
          said.push(`${relayOf(to)} ${wantsBase ? "state" : "finer"}`);
          answers.push(() => fetches.partCame(to, { type: "history-part", lineage, exchange, remaining: 0, bytes: Uint8Array.of(1) }));
        },
      },
      histories: {
        proofs: { rested: () => undefined },
        readCoverage: (_: unknown, then: (result: unknown) => void) => then({ ok: true, value: lacking }),
        takePiece: (_: unknown, __: unknown, then: (result: unknown) => void) =>
          then({ ok: true, value: { ...lacking, isNew: false, isLast: false } }),
      },
    };
    const fetches = new HistoryFetches(context as unknown as RelayContext);
    const answers: (() => void)[] = [];
    fetches.note(aLineage("note"));
    fetches.due();
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) answer();
    // Tried again.
    context.now.monotonicMs = 10;
    fetches.due();
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) answer();
    expect(said).toEqual(asked);
  },
);
