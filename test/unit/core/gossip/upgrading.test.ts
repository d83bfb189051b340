/**
 * A mesh whose relays are brought to a newer version one after the other, while people write. Relay cores as they ship
 * (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import { isSpokenIn, type MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";

/** Relays of the oldest version that is understood, with somebody who types at each of them, into two documents. */
function anOldCluster(seed: number): { cluster: RelayCluster; typists: readonly ClusterTypist[] } {
  const cluster = new RelayCluster({ seed, relays: 3 });
  for (const seat of cluster.seats) seat.version = meshVersionMin;
  cluster.startAll();
  cluster.run(15_000);
  const typists = cluster.seats.flatMap((seat, index) =>
    ["notes", "plans"].map((room, other) => new ClusterTypist(cluster, room, 10 * index + other + 1).connect(seat)),
  );
  cluster.run(2_000);
  return { cluster, typists };
}

/** What linked relays say of themselves at `seat`. */
function releasesAt({ life, self }: Seat): readonly (string | undefined)[] {
  return life!.relay.meshView()!.members.flatMap(({ relay, release, isLinked }) => (relay !== self && isLinked ? [release] : []));
}

test.each([1, 2, 3])("[P1] [P2] nothing is lost, and older relays hear no word that they do not know (seed %i)", (seed) => {
  const { cluster, typists } = anOldCluster(seed);
  const unknown: MeshMessage[] = [];
  const said = new Set<MeshMessage["type"]>();
  cluster.tap = (from, to, { messages }) => {
    const version = Math.min(from.version, to.version);
    for (const message of messages) {
      said.add(message.type);
      if (!isSpokenIn(version, message)) unknown.push(message);
    }
  };
  const type = (): void => {
    for (const typist of typists) if (typist.isConnected) typist.append("x");
  };
  const typeFor = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 250) {
      type();
      cluster.run(250);
    }
  };
  typeFor(2_000);
  for (const [index, seat] of cluster.seats.entries()) {
    const others = cluster.seats.filter((other) => other !== seat);
    cluster.crash(seat);
    for (const typist of typists) if (!typist.isConnected) typist.connect(others[index % 2]!);
    typeFor(3_000);
    seat.version = meshVersion;
    cluster.start(seat);
    typeFor(8_000);
  }
  cluster.run(15_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
  for (const room of [0, 1]) {
    const texts = typists.filter((_, index) => index % 2 === room).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]!.length).toBe(typists.reduce((sum, { edits }, index) => sum + (index % 2 === room ? edits.length : 0), 0));
  }
  expect(unknown).toEqual([]);
  expect(said).toContain("release");
  for (const seat of cluster.seats) expect(releasesAt(seat)).toEqual(["0.1.0", "0.1.0"]);
});
