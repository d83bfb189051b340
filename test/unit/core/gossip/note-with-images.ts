/**
 * A document among relays that keep images, for tests of those: what is put and asked for, and what relays say to each other about it.
 */
import { expect } from "vitest";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { seededRandom } from "@inkmesh/shared/base/random";
import { isAboutBlob, type MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import { blobNameOfBytes } from "../../../../server/log/blob-admission.ts";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";
import { minuteMs } from "./written-cluster.ts";

export const lineage = aLineage("note");
export const { room } = lineage;

export interface Image {
  readonly name: BlobName;
  readonly bytes: Uint8Array;
}

export function anImage(seed = 1, size = 100_000): Image {
  const bytes = seededRandom(seed).bytes(size);
  return { name: blobNameOfBytes(bytes), bytes };
}

export interface Note {
  readonly cluster: RelayCluster;
  /** In the ring's order. */
  readonly replicas: readonly Seat[];
  /** Who has no copy to keep. */
  readonly edge: Seat;
  readonly typist: ClusterTypist;
}

/** Relays with a document that somebody has open at the first replica. */
export function aNote({
  seed = 1,
  relays = 5,
  versions = {},
}: { seed?: number; relays?: number; versions?: Record<string, number> } = {}): Note {
  const cluster = new RelayCluster({ seed, relays, limits: { roomCacheBytes: 0, replication: { sweepMs: minuteMs } } });
  for (const seat of cluster.seats) seat.version = versions[seat.self] ?? meshVersion;
  cluster.startAll();
  cluster.run(20_000);
  const names = cluster.seat(0).life!.relay.replicasOf(room);
  const replicas = names.map((name) => cluster.seats.find(({ self }) => self === name)!);
  const typist = new ClusterTypist(cluster, room, 1).connect(replicas[0]!);
  cluster.run(2_000);
  typist.append("words ");
  cluster.run(5_000);
  expect(typist.unsaved).toBe(0);
  return { cluster, replicas, edge: cluster.seats.find((seat) => !replicas.includes(seat))!, typist };
}

export function put(cluster: RelayCluster, seat: Seat, { name, bytes }: Image): () => RoomAnswer | undefined {
  return cluster.ask(seat, { type: "keep-blob", room, name, bytes });
}

export function get(cluster: RelayCluster, seat: Seat, { name }: Image): () => RoomAnswer | undefined {
  return cluster.ask(seat, { type: "blob", room, name });
}

export function answered(cluster: RelayCluster, answer: () => RoomAnswer | undefined, ms = 20_000): RoomAnswer | undefined {
  cluster.runUntil(() => answer() !== undefined, ms);
  return answer();
}

export const has = (seat: Seat, { name }: Image): boolean => seat.disk.blobs.bytes(lineage, name) !== undefined;

/** Which image an answer is, by what its bytes hash to: what is not the same is not printed. */
export const nameIn = (answer: RoomAnswer | undefined): unknown => (answer?.type === "blob" ? blobNameOfBytes(answer.bytes) : answer);

export const refusalOf = (answer: RoomAnswer | undefined): unknown => answer?.type === "refused" && answer.refusal.code;

/** What is said of images from now on. */
export function listenTo(cluster: RelayCluster): { from: Seat; to: Seat; message: MeshBlobMessage }[] {
  const heard: { from: Seat; to: Seat; message: MeshBlobMessage }[] = [];
  cluster.tap = (from, to, { messages }) => {
    for (const message of messages) if (isAboutBlob(message)) heard.push({ from, to, message });
  };
  return heard;
}

export function goes(cluster: RelayCluster, typist: ClusterTypist): void {
  const { seat } = typist;
  typist.leave();
  for (const socket of [...seat!.life!.sockets.values()]) cluster.hangUp(seat!, socket);
  cluster.run(2_000);
}
