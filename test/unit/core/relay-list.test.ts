import type { ConnectionId, RelayId } from "@inkmesh/shared/base/ids";
import type { ToldRelay } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { expect, test } from "vitest";
import { RingRecords } from "../../../server/core/membership/ring-records.ts";
import { RelayList } from "../../../server/core/relay-list.ts";
import { CoreWorld, type Socket } from "./core-world.ts";
import { ClusterViewer } from "./gossip/cluster-viewer.ts";
import { RelayCluster } from "./gossip/relay-cluster.ts";
import { NativeScript } from "./scripted-client.ts";

/** A client that says hello and writes down which relays each welcome names. */
class Welcomed implements Socket {
  readonly connection = 0 as ConnectionId;
  readonly lists: (readonly ToldRelay[])[] = [];

  get welcomes(): readonly (readonly string[])[] {
    return this.lists.map((relays) => relays.map(({ address }) => address));
  }

  received(frame: Uint8Array): void {
    const messages = decodeRelayMessages(frame);
    if (!messages.ok) throw new Error(messages.refusal.detail);
    for (const message of messages.value) if (message.type === "welcome") this.lists.push(message.relays);
  }

  closed(): void {}
}

function welcomedAt(cluster: RelayCluster, index: number, says = true): Welcomed {
  const client = new Welcomed();
  const say = cluster.connect(cluster.seat(index), client)!;
  const hello = { type: "hello", version: nativeVersion, agent: "test", credential: "" } as const;
  if (says) for (const frame of encodeClientMessages([hello])) say(frame);
  cluster.run(100);
  return client;
}

test("a client is told of the other relays, and again when one dies and when it is back", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 3 });
  cluster.startAll();
  cluster.run(10_000);
  const client = welcomedAt(cluster, 0);
  expect(client.welcomes).toEqual([["ws://b/sync", "ws://c/sync"]]);
  cluster.crash(cluster.seat(2));
  cluster.run(60_000);
  expect(client.welcomes.slice(1)).toEqual([["ws://b/sync"]]);
  cluster.start(cluster.seat(2));
  cluster.run(10_000);
  expect(client.welcomes.slice(2)).toEqual([["ws://b/sync", "ws://c/sync"]]);
});

test("who connected before there was a mesh hears of it, who has not said hello does not", () => {
  const cluster = new RelayCluster({ seed: 2, relays: 2 });
  cluster.start(cluster.seat(0));
  cluster.run(1_000);
  const client = welcomedAt(cluster, 0);
  const silent = welcomedAt(cluster, 0, false);
  expect(client.welcomes).toEqual([[]]);
  cluster.start(cluster.seat(1));
  cluster.run(2_000);
  expect(client.welcomes).toEqual([[], ["ws://b/sync"]]);
  expect(silent.welcomes).toEqual([]);
});

test("a relay without a mesh names nobody, and says so once", () => {
  const world = new CoreWorld();
  const client = new NativeScript(world).hello();
  world.run();
  expect(client.heard("welcome").map(({ relays }) => relays)).toEqual([[]]);
});

test("one that cannot be dialled, and one at another path, are not named; a list without news is the same object", () => {
  const member = { incarnation: 0, sinceMs: 0, isLinked: true, state: "alive" } as const;
  const members = [
    { ...member, relay: "a", actor: "a.1", address: "ws://a/mesh" },
    { ...member, relay: "b", actor: "b.1", address: "" },
    { ...member, relay: "c", actor: "c.1", address: "wss://proxy/c/mesh" },
    { ...member, relay: "d", actor: "d.1", address: "wss://proxy/relays-of-d" },
    { ...member, relay: "e", actor: "e.1", address: "ws://e/mesh", state: "dead" },
    { ...member, relay: "f", actor: "f.1", address: "ws://f/mesh" },
  ];
  const ring = ["c", "f"].reduce((all, relay) => all.join(relay as RelayId, { weight: 1, zone: "" }), RingRecords.empty);
  const mesh = { self: "a.1", members, ring: ring.advance("f" as RelayId, "leaving") };
  const list = new RelayList({ mesh: () => mesh as never, sessions: () => 7, nowMs: () => 1_000 });
  const { told } = list;
  expect(told).toEqual([{ address: "wss://proxy/c/sync", load: 7 }]);
  list.meshChanged();
  expect(list.told).toBe(told);
});

test("a client is told how busy the others are, and of loads alone at most every ten seconds", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 3 });
  cluster.startAll();
  cluster.run(10_000);
  const client = welcomedAt(cluster, 0);
  expect(client.lists.at(-1)).toEqual([
    { address: "ws://b/sync", load: 0 },
    { address: "ws://c/sync", load: 0 },
  ]);
  const viewers = Array.from({ length: 12 }, (_, id) => new ClusterViewer(cluster, "notes", id + 1).connect(cluster.seat(1)));
  cluster.run(12_500);
  expect(client.lists.at(-1)).toEqual([
    { address: "ws://b/sync", load: 12 },
    { address: "ws://c/sync", load: 0 },
  ]);
  expect(client.lists.length).toBeLessThanOrEqual(3);
  const said = client.lists.length;
  viewers[0]!.disconnect();
  cluster.run(30_000);
  expect(client.lists.length, "one session of twelve less is no news").toBe(said);
});
