import type { RoomName } from "@inkmesh/shared/base/ids";
import { openToken, sealToken } from "@inkmesh/shared/wire/session-token";
import { describe, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { meshSecret } from "../peers/mesh-world.ts";
import { ClusterScript } from "./cluster-script.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";

const room = "note" as RoomName;

/** Somebody types `word` at `seat` and stays; answers what a reader there then has for a token. */
function tokenAfter(cluster: RelayCluster, seat: Seat, word: string, person = 1): string {
  const typist = new ClusterTypist(cluster, "note", person).connect(seat);
  cluster.run(3_000);
  typist.append(word);
  cluster.run(3_000);
  const reader = new ClusterScript(cluster, seat).open("note");
  cluster.run(3_000);
  return reader.token;
}

function covers(left: string, right: string): boolean {
  const [one, other] = [openToken(left, meshSecret), openToken(right, meshSecret)];
  return one.ok && other.ok && one.value.clock.covers(other.value.clock);
}

/** Three relays, of which the third has the document in memory and hears nothing from the others since. */
function cutOffThird(cut: "cut" | "hush" = "cut"): { cluster: RelayCluster; a: Seat; c: Seat } {
  const cluster = aCluster();
  const [a, b, c] = [cluster.seat(0), cluster.seat(1), cluster.seat(2)];
  tokenAfter(cluster, a, "before ");
  new ClusterScript(cluster, c).open("note");
  cluster.run(3_000);
  for (const other of [a, b]) cluster[cut](c, other);
  return { cluster, a, c };
}

describe("[P6] a client with a token at a relay that lacks something of it", () => {
  test("gets it, where the relay can get it within two seconds", () => {
    const { cluster, a, c } = cutOffThird("hush");
    const token = tokenAfter(cluster, a, "meanwhile ", 2);
    const back = new ClusterScript(cluster, c).open("note", { token });
    cluster.run(1_000);
    expect(back.words).toEqual([]);
    cluster.heal();
    cluster.run(900);
    expect(back.words).toEqual(["synced"]);
    expect(covers(back.token, token)).toBe(true);
  });

  test("is told after two seconds that it is behind, and again when it is not any more, with a token that names it", () => {
    const { cluster, a, c } = cutOffThird();
    const token = tokenAfter(cluster, a, "meanwhile ", 2);
    const back = new ClusterScript(cluster, c).open("note", { token });
    cluster.run(1_900);
    expect(back.words).toEqual([]);
    cluster.run(300);
    expect(back.words).toEqual(["behind: awaited", "synced"]);
    expect(covers(back.token, token)).toBe(false);
    cluster.heal();
    cluster.run(20_000);
    expect(back.words).toEqual(["behind: awaited", "synced", "behind: nothing"]);
    const order = back.heard.map(({ type }) => type);
    expect(order.lastIndexOf("behind")).toBeGreaterThan(order.indexOf("clock"));
    expect(covers(back.token, token)).toBe(true);
  });

  test("is told that no relay has it, once all were asked that may: its only disk was lost", () => {
    const { cluster, a, c } = cutOffThird();
    const token = tokenAfter(cluster, c, "only here", 2);
    cluster.wipe(c);
    cluster.heal();
    const early = new ClusterScript(cluster, a).open("note", { token });
    cluster.run(3_000);
    expect(early.words).toEqual(["behind: awaited", "synced"]);
    cluster.start(c);
    cluster.run(30_000);
    expect(early.words).toEqual(["behind: awaited", "synced", "behind: lost"]);
    const late = new ClusterScript(cluster, a).open("note", { token });
    cluster.run(1_000);
    expect(late.words).toEqual(["behind: lost", "synced"]);
  });

  test("is told nothing of it in a version that has no word for it", () => {
    const { cluster, a, c } = cutOffThird();
    const token = tokenAfter(cluster, a, "meanwhile ", 2);
    const old = new ClusterScript(cluster, c, 3).open("note", { token });
    cluster.run(1_000);
    expect(old.words).toEqual(["synced"]);
  });

  const clock = VectorClock.of([["a.00112233445566ff" as never, 9]]);
  const lineage = { room, generation: 0 };
  test.each([
    ["garbage", "x"],
    ["made by another mesh", sealToken({ lineage, clock }, new Uint8Array(32).fill(9))],
    ["another document's", sealToken({ lineage: { ...lineage, room: "other" as RoomName }, clock }, meshSecret)],
    ["another generation's", sealToken({ lineage: { ...lineage, generation: 1 }, clock }, meshSecret)],
  ])("is served as one without a token when that is %s", (_what, token) => {
    const { cluster, c } = cutOffThird();
    const back = new ClusterScript(cluster, c).open("note", { token });
    cluster.run(1_000);
    expect(back.words).toEqual(["synced"]);
  });
});

describe("a document that was made anew at a relay whose disk is lost, or that is away", () => {
  const ask = { room, title: undefined, kind: undefined, principal: "" };

  /** The third relay alone knows of generation 1: answers the token of somebody who had it open there. */
  function madeAnewAtThird(): { cluster: RelayCluster; a: Seat; c: Seat; token: string } {
    const { cluster, a, c } = cutOffThird("hush");
    cluster.heal();
    cluster.ask(a, { type: "delete", ...ask });
    cluster.run(3_000);
    for (const index of [0, 1]) cluster.cut(c, cluster.seat(index));
    cluster.ask(c, { type: "create", ...ask });
    cluster.run(3_000);
    const there = new ClusterScript(cluster, c).open("note");
    cluster.run(3_000);
    expect(there.heard.find(({ type }) => type === "opened")).toMatchObject({ generation: 1 });
    return { cluster, a, c, token: there.token };
  }

  const opening = (script: ClusterScript): unknown =>
    script.heard.findLast(({ type }) => type === "opened" || type === "error" || type === "deleted");

  test("[P4] is opened at another relay by who has a token of it, after the others were asked", () => {
    const { cluster, a, c, token } = madeAnewAtThird();
    cluster.wipe(c);
    const back = new ClusterScript(cluster, a).open("note", { generation: 1, token });
    cluster.run(1_500);
    expect(opening(back)).toBeUndefined();
    cluster.run(4_000);
    expect(opening(back)).toMatchObject({ type: "opened", generation: 1 });
    const without = new ClusterScript(cluster, a).open("note", { generation: 2, token });
    const unproven = new ClusterScript(cluster, cluster.seat(1)).open("note", { generation: 7 });
    cluster.run(3_000);
    for (const script of [without, unproven]) expect(opening(script)).toMatchObject({ type: "error", code: "BEHIND" });
  });

  test("is the same one when that relay comes back", () => {
    const { cluster, a, c, token } = madeAnewAtThird();
    const back = new ClusterScript(cluster, a).open("note", { generation: 1, token });
    cluster.run(3_000);
    cluster.heal();
    cluster.run(20_000);
    expect(new Set(cluster.seats.map(({ disk }) => disk.records.get(room)?.generation))).toEqual(new Set([1]));
    expect(opening(back)).toMatchObject({ type: "opened", generation: 1 });
    expect(c.disk.records.get(room)?.deleted).toBeUndefined();
  });

  test("[P10] is not opened again where a relay that can be reached knows that it was deleted", () => {
    const { cluster, a, c, token } = madeAnewAtThird();
    cluster.ask(c, { type: "delete", ...ask });
    cluster.run(3_000);
    // What it knows comes with the first comparison, which takes longer than the links.
    cluster.heal();
    cluster.run(3_000);
    const back = new ClusterScript(cluster, a).open("note", { generation: 1, token });
    cluster.run(5_000);
    expect(opening(back)).toMatchObject({ type: "deleted", generation: 1 });
  });
});

test("[P6] a reader over HTTP makes the relay ask for what it lacks, and gets it", () => {
  const { cluster, a, c } = cutOffThird("hush");
  const token = tokenAfter(cluster, a, "meanwhile ", 2);
  const answer = cluster.ask(c, { type: "content", room, format: "text", token });
  cluster.run(500);
  cluster.heal();
  cluster.run(1_000);
  expect(answer()?.type).toBe("content");
});
