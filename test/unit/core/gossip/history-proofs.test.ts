/**
 * What is offered of a history that changes while nobody can prove it yet.
 */
import { expect, test } from "vitest";
import type { RingId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import { HistoryProofs } from "../../../../server/core/gossip/history-proofs.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import type { HistoryCoverage } from "../../../../server/core/stored-history.ts";
import { anActor } from "../../../contract/log-author.ts";
import { aLineage } from "../core-world.ts";

const [lineage, ring, writer, replica] = [aLineage("note"), "r" as RingId, anActor(1), anActor(7)];
const clock = VectorClock.of([[writer, 9]]);
const rangeOf = (from: number, length: number) => [{ actor: writer, from, length }];

function aProver(): { proofs: HistoryProofs; offers: MeshHistoryMessage[]; become: (coverage: HistoryCoverage) => void } {
  const offers: MeshHistoryMessage[] = [];
  let coverage: HistoryCoverage = { base: VectorClock.empty, old: [], told: [] };
  const context = {
    now: { monotonicMs: 0, wallMs: 0 },
    placement: { of: () => ({ replicas: ["b"] }), limits: { keptHistoryMs: 1 }, isLeaving: false },
    peers: { ringId: ring, lifeOf: () => replica, tell: (_: unknown, message: MeshHistoryMessage) => void offers.push(message) },
    histories: {
      fetches: { isRunning: () => false },
      readCoverage: (_: unknown, then: (result: unknown) => void) => then({ ok: true, value: { coverage, clock } }),
    },
  };
  return { proofs: new HistoryProofs(context as unknown as RelayContext), offers, become: (now) => void (coverage = now) };
}

test("what came of age since it was offered is offered as that, and what was heard of more counts for less", () => {
  const { proofs, offers, become } = aProver();
  become({ base: VectorClock.empty, old: [], told: rangeOf(1, 9) });
  proofs.prove(lineage, clock);
  const aged = { base: VectorClock.of([[writer, 5]]), old: [], told: rangeOf(6, 4) };
  become(aged);
  proofs.prove(lineage, clock);
  expect(offers).toHaveLength(2);
  expect(offers[1]).toMatchObject(aged);
  const [first] = offers as [Extract<MeshHistoryMessage, { type: "history-offer" }>];
  proofs.covered(replica, ring, { type: "history-covered", lineage, exchange: first.exchange });
  expect(proofs.isProven(lineage, clock)).toBe(true);
});

test("what was heard of less does not count for more", () => {
  const { proofs, offers, become } = aProver();
  become({ base: VectorClock.empty, old: [], told: rangeOf(1, 5) });
  proofs.prove(lineage, clock);
  const [first] = offers as [Extract<MeshHistoryMessage, { type: "history-offer" }>];
  become({ base: VectorClock.empty, old: [], told: rangeOf(1, 9) });
  proofs.prove(lineage, clock);
  proofs.covered(replica, ring, { type: "history-covered", lineage, exchange: first.exchange });
  expect(proofs.isProven(lineage, clock)).toBe(false);
});
