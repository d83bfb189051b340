/**
 * What counts as proof that each replica holds every image of a document, and what voids it.
 */
import { beforeEach, expect, test } from "vitest";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { actorOf, relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { ok, type Result } from "@inkmesh/shared/base/result";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import { BlobProofs } from "../../../../server/core/gossip/blob-proofs.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import type { HeldBlobs } from "../../../../server/core/stored-blob.ts";
import { aLineage } from "../core-world.ts";

const lineage = aLineage("note");
const [first, second] = ["a", "b"].map((digit) => `sha256-${digit.repeat(64)}` as BlobName) as [BlobName, BlobName];
const [b, c] = ["b", "c"].map((relay) => actorOf(relay as RelayId, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))) as [ActorId, ActorId];

let told: (readonly [ActorId, Extract<MeshBlobMessage, { type: "blob-offer" }>])[];
let held: readonly BlobName[];
let ring: RingId;
let isKeeping: boolean;
let grown: string[];
let proofs: BlobProofs;

beforeEach(() => {
  [told, held, ring, isKeeping, grown] = [[], [first, second], "one" as RingId, false, []];
  let exchange = 0;
  const context = {
    peers: {
      get ringId() {
        return ring;
      },
      lifeOf: (relay: RelayId) => [b, c].find((actor) => relayOf(actor) === relay),
      tell: (to: ActorId, message: MeshBlobMessage) => message.type === "blob-offer" && told.push([to, message]),
    },
    placement: { of: () => ({ replicas: [b, c].map(relayOf) }) },
    blobs: {
      nextExchange: () => ++exchange,
      isKeeping: () => isKeeping,
      list: (_of: unknown, then: (result: Result<HeldBlobs>) => void) => then(ok({ held, lacking: [] })),
    },
  };
  proofs = new BlobProofs(context as unknown as RelayContext);
  proofs.listenToMore((room) => grown.push(room));
});

/** Everybody holds all that they are asked about. */
function allHold(but: readonly ActorId[] = []): void {
  for (const [actor, { exchange, name }] of told.splice(0))
    if (!but.includes(actor)) proofs.heard(actor, ring, { type: "blob-held", lineage, exchange, name });
}

function proven(): boolean {
  proofs.prove(lineage);
  allHold();
  return proofs.isProven(lineage);
}

test("[P2] it is proven when each replica has said so of each image, and not before", () => {
  proofs.prove(lineage);
  expect(told).toHaveLength(4);
  allHold([c]);
  expect(proofs.isProven(lineage)).toBe(false);
  expect(proven()).toBe(true);
});

test("[P2] what comes to this disk afterwards is to be proven, too", () => {
  expect(proven()).toBe(true);
  proofs.grown(lineage);
  expect([proofs.isProven(lineage), grown]).toEqual([false, [lineage.room]]);
  held = [first];
  expect(proven()).toBe(true);
});

test("[P2] nothing is proven while an image is on its way to this disk", () => {
  expect(proven()).toBe(true);
  isKeeping = true;
  expect(proofs.isProven(lineage)).toBe(false);
});

test("[P2] what was said on a link that has ended is to be said again, as its disk may be another one", () => {
  expect(proven()).toBe(true);
  proofs.linkDown(c);
  expect(proofs.isProven(lineage)).toBe(false);
  proofs.prove(lineage);
  expect(told.map(([actor]) => actor)).toEqual([c, c]);
});

test("[P2] what was said under another ring, or of another question, is no proof", () => {
  proofs.prove(lineage);
  for (const [actor, { exchange, name }] of told) {
    proofs.heard(actor, "another" as RingId, { type: "blob-held", lineage, exchange, name });
    proofs.heard(actor, ring, { type: "blob-held", lineage, exchange: exchange + 1, name });
  }
  expect(proofs.isProven(lineage)).toBe(false);
  expect(proven()).toBe(true);
  ring = "two" as RingId;
  expect(proofs.isProven(lineage)).toBe(false);
});
