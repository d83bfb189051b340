/**
 * The checkers of what happens while relays come and go are shown the faults that they are there for, and what looks like them and is none.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { RingRecords } from "../../../server/core/membership/ring-records.ts";
import { LogAuthor } from "../../contract/log-author.ts";
import { contentOf } from "../../sim/checkers/content.ts";
import { LeftMeansElsewhere } from "../../sim/checkers/left-means-elsewhere.ts";
import { Platters } from "../../sim/checkers/platters.ts";
import { neededFor, Rings, type Placing, type StatusChange } from "../../sim/checkers/rings.ts";
import { SavedStays } from "../../sim/checkers/saved-stays.ts";
import { SimDisk, type Transaction } from "../../sim/sim-disk.ts";
import type { SimRelay } from "../../sim/sim-relay.ts";

const room = "a room" as RoomName;
const lineage = { room, generation: 0 };
const [a, b, c] = ["a", "b", "c"] as unknown as [RelayId, RelayId, RelayId];
const hlc = { physicalMs: 1, logical: 0, relay: a };
const record = { ...lineage, title: undefined, kind: undefined, deleted: undefined, everDeleted: false, created: hlc };
const place = { weight: 1, zone: "" };

/** Disks of `a`, `b` and `c`; the ring places all rooms on the latter two. */
function threeDisks() {
  const world = { watch: (look: () => void) => look(), nowMs: 0 };
  const placing: Placing = { replicasOf: () => [b, c] };
  const platters = new Platters({ world, rings: { ever: [placing], isNamed: () => true }, areMarked: true });
  const disks = new Map([a, b, c].map((relay) => [relay, new SimDisk({ random: seededRandom(1), nestingMax: 10, relay })]));
  for (const [relay, disk] of disks) platters.attach(relay, disk);
  const take = (relay: RelayId, transaction: Transaction): void => disks.get(relay)!.onSynced(transaction);
  const left = new LeftMeansElsewhere(platters, () => world.nowMs);
  const leave = (isLate = false): void => left.left(a, platters.of(disks.get(a)!), placing, isLate);
  return { world, placing, platters, disks, take, leave, audit: platters.of(disks.get(a)!) };
}

const all = (author: LogAuthor, completes: boolean): Transaction => ({
  type: "append",
  batch: [{ lineage, entries: author.entries, ...(completes ? { completes } : {}) }],
});

test("who has left with something that a replica has not, or does not vouch for, is found", () => {
  const { take, leave } = threeDisks();
  const author = new LogAuthor();
  author.type("word");
  take(a, all(author, false));
  take(b, all(author, true));
  expect(leave).toThrow(/a has left, and has something of a room\/0 that c has not/);
  take(c, all(author, false));
  expect(leave).toThrow(/that c has not/);
  take(c, all(author, true));
  leave();
});

test("who has left with a tombstone that a replica has not is found; what is deleted there is nothing that it lacks", () => {
  const { take, leave } = threeDisks();
  const deleted = { type: "record", record: { ...record, deleted: { hlc, by: "ada" } } } as const;
  take(a, { type: "record", record });
  leave();
  take(a, deleted);
  take(b, deleted);
  expect(leave).toThrow(/that c has not/);
  take(c, { type: "record", record: { ...record, generation: 1 } });
  leave();
});

test("a replica's disk that was lost a moment ago counts for who has left, and one that was lost before does not", () => {
  const { world, platters, disks, take, leave } = threeDisks();
  const author = new LogAuthor();
  author.type("word");
  for (const relay of [a, b, c]) take(relay, all(author, true));
  platters.lose(c, disks.get(c)!);
  world.nowMs = 19_000;
  leave();
  world.nowMs = 21_000;
  expect(() => leave()).toThrow(/that c has not/);
  leave(true);
});

test("who begins to belong without what was saved a while ago, or does not vouch for it, is found", () => {
  const { world, placing, platters, disks, take } = threeDisks();
  const stays = new SavedStays(platters, () => world.nowMs);
  const author = new LogAuthor();
  author.type("word");
  take(b, all(author, true));
  stays.saved(lineage, contentOf(author.entries[0]!.payload), [placing]);
  const belongs = (): void => stays.belongs(platters.of(disks.get(c)!), c, placing);
  belongs();
  world.nowMs = 20_000;
  expect(belongs).toThrow(/c belongs, and does not vouch for what was saved 20000 ms ago on b/);
  take(c, all(author, false));
  expect(belongs).toThrow(/does not vouch/);
  take(c, all(author, true));
  belongs();
});

test("what was saved on a disk that leaves is looked for on those that have it then; nobody may give up the last one", () => {
  const { placing, platters, disks, take } = threeDisks();
  const stays = new SavedStays(platters, () => 0);
  const author = new LogAuthor();
  author.type("word");
  take(b, all(author, true));
  stays.saved(lineage, contentOf(author.entries[0]!.payload), [placing]);
  const [first, second] = [platters.of(disks.get(b)!), platters.of(disks.get(c)!)];
  expect([stays.survives(first), stays.survives(second)]).toEqual([false, true]);
  take(c, all(author, true));
  expect(stays.survives(first)).toBe(true);
  stays.moved(first);
  platters.lose(b, disks.get(b)!);
  expect(stays.survives(second)).toBe(false);
});

test("a relay is held to the ring that it believes in, and to the one before in the moment in which it hears of another", () => {
  const [one, two] = [
    RingRecords.empty.join(a, place).advance(a, "member"),
    RingRecords.empty.join(a, place).advance(a, "member").join(b, place),
  ];
  let nowMs = 0;
  const rings = new Rings(() => nowMs, undefined);
  const changes: StatusChange[] = [];
  rings.onStatusChanged = (change) => changes.push(change);
  const relay = { self: a, ring: one } as { self: RelayId; ring: RingRecords };
  const believed = (): number[] => rings.believedBy(relay as unknown as SimRelay).map((placing) => neededFor(placing, room));
  expect(believed()).toEqual([1]);
  nowMs = 10;
  relay.ring = two;
  expect(believed()).toEqual([2, 1]);
  nowMs = 11;
  expect(believed()).toEqual([2]);
  relay.ring = two.advance(a, "leaving");
  rings.look(relay as unknown as SimRelay);
  expect(changes.map(({ before, now }) => [before, now])).toEqual([
    [undefined, "member"],
    ["member", "leaving"],
  ]);
  expect([rings.isNamed(a, room), rings.ever.length]).toEqual([false, 3]);
});
