/**
 * How a relay comes to know what its rooms come to: from the disk's list where that says it, from the rooms where it does not.
 */
import { describe, expect, test } from "vitest";
import { actorOf, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { ok } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { positionOfHex } from "@inkmesh/shared/ring/hash";
import { limitsWith } from "../../../../server/config.ts";
import type { RelayEffect } from "../../../../server/core/effect.ts";
import { RoomCatalogue } from "../../../../server/core/gossip/room-catalogue.ts";
import { roomDigest } from "../../../../server/core/gossip/room-digest.ts";
import { RelayContext } from "../../../../server/core/relay-context.ts";
import { Rooms } from "../../../../server/core/rooms.ts";
import type { RoomSummary, StoredRoom } from "../../../../server/core/stored-room.ts";
import { LogAuthor } from "../../../contract/log-author.ts";
import { aRecord } from "../../../contract/update-log.contract.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";
import { readers } from "../../../engines.ts";

const name = (room: string): RoomName => room as RoomName;

/** A catalogue over rooms that leave memory as soon as nobody needs them. */
class Shelf {
  readonly context: RelayContext;
  readonly rooms: Rooms;
  readonly catalogue: RoomCatalogue;
  isRead = false;

  constructor() {
    this.context = new RelayContext({
      ...{
        self: "a" as RelayId,
        actor: actorOf("a" as RelayId, new Uint8Array(8)),
        limits: limitsWith({ roomCacheBytes: 0 }),
        random: seededRandom(1),
      },
      ...{ engines: readers, dialects: [], tokenSecret: new Uint8Array(32), hlcFloorMs: 0, offsetMaxMs: 500 },
    });
    this.rooms = new Rooms(
      this.context,
      (room) => this.catalogue.changed(room),
      (room) => this.catalogue.forget(room),
    );
    this.catalogue = new RoomCatalogue(this.context, this.rooms, () => (this.isRead = true));
  }

  /** What it asks for from now on. */
  asked<Type extends RelayEffect["type"]>(type: Type): Extract<RelayEffect, { type: Type }>[] {
    return this.context.takeEffects().filter((effect): effect is Extract<RelayEffect, { type: Type }> => effect.type === type);
  }

  /** Begins to read; answers what the disk's list is to be given to. */
  read(): (...rooms: RoomSummary[]) => void {
    this.catalogue.read();
    const [list] = this.asked("list-rooms");
    expect(list?.hashes).toBe(true);
    return (...rooms) => this.context.lists.answer(list!.seq, ok({ rooms, next: undefined }));
  }

  /** Answers what is to be loaded with what `author` wrote; answers which rooms those were. */
  load(author: LogAuthor): RoomName[] {
    return this.asked("load-room").map(({ room, seq }) => {
      this.context.loads.answer(seq, ok(storedBy(author)));
      return room;
    });
  }

  digest(room: string): ReturnType<RoomCatalogue["digest"]> {
    return this.catalogue.digest(name(room));
  }
}

function hashBy({ entries }: LogAuthor): string {
  return readers.yjs.indexOf(entries.map(({ payload }) => payload)).index.hash();
}

function summaryBy(author: LogAuthor, changes: Partial<RoomSummary> = {}): RoomSummary {
  const { room } = author.lineage;
  const { clock, entries } = author;
  return {
    ...{ record: aRecord(room), contentHash: hashBy(author), isMarked: true, clock, bytes: 0, entries: entries.length, lastHlc: undefined },
    ...changes,
  };
}

function storedBy({ lineage, entries, clock }: LogAuthor): StoredRoom {
  const index = readers.yjs.indexOf(entries.map(({ payload }) => payload)).index.encode();
  return { record: aRecord(lineage.room), snapshot: undefined, tail: [...entries], index, clock, isMarked: true };
}

function digestBy(author: LogAuthor): ReturnType<typeof roomDigest> {
  const content = positionOfHex(hashBy(author));
  return roomDigest({ record: aRecord(author.lineage.room), content, clock: author.clock });
}

function anAuthor(room: string, text = "abc"): LogAuthor {
  const author = new LogAuthor({ room });
  author.type(text);
  return author;
}

describe("reading the disk's list", () => {
  test("loads no room of which the list says what it comes to, and those of which it does not", () => {
    const shelf = new Shelf();
    const [known, unknown] = [anAuthor("known"), anAuthor("unknown")];
    shelf.read()(summaryBy(known), summaryBy(unknown, { contentHash: undefined }));
    expect(shelf.digest("known")).toEqual(digestBy(known));
    expect([shelf.isRead, shelf.load(unknown)]).toEqual([false, ["unknown"]]);
    expect([shelf.isRead, shelf.digest("unknown")]).toEqual([true, digestBy(unknown)]);
    expect(shelf.catalogue.isComplete).toBe(true);
  });

  test("loads a replica's room of which the disk does not vouch: it is to be compared anyway", () => {
    const shelf = new Shelf();
    const author = anAuthor("unmarked");
    shelf.read()(summaryBy(author, { isMarked: false }));
    expect(shelf.load(author)).toEqual(["unmarked"]);
  });

  test("[P1] what a page says of a room that was used since it was asked for counts for nothing", () => {
    const shelf = new Shelf();
    const author = anAuthor("room");
    const old = summaryBy(author);
    const answer = shelf.read();
    author.type("d");
    // It is loaded, changed and gone again before the page comes.
    const room = shelf.rooms.use(name("room"))!;
    shelf.load(author);
    shelf.catalogue.changed(room);
    shelf.rooms.endTurn();
    expect(shelf.rooms.find(name("room"))).toBeUndefined();
    answer(old);
    expect([shelf.load(author), shelf.isRead]).toEqual([[], true]);
    expect(shelf.digest("room")).toEqual(digestBy(author));
  });

  test("[P1] nor of a room from which something was on its way to disk when reading began", () => {
    const shelf = new Shelf();
    const author = anAuthor("room");
    const old = summaryBy(author);
    author.type("d");
    const room = shelf.rooms.use(name("room"))!;
    shelf.load(author);
    const answer = shelf.read();
    shelf.rooms.endTurn();
    expect([room.isIdle, shelf.rooms.find(name("room"))]).toEqual([true, undefined]);
    answer(old);
    expect(shelf.digest("room")).toEqual(digestBy(author));
  });

  test("[P1] a room that is in memory speaks for itself", () => {
    const shelf = new Shelf();
    const author = anAuthor("room");
    const old = summaryBy(author);
    const answer = shelf.read();
    author.type("d");
    shelf.rooms.use(name("room"))!.life.hold(() => undefined);
    shelf.load(author);
    answer(old);
    expect(shelf.digest("room")).toEqual(digestBy(author));
  });

  test("a deleted room is known by its tombstone", () => {
    const shelf = new Shelf();
    const record = aRecord("gone", { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true });
    const author = anAuthor("gone");
    shelf.read()(summaryBy(author, { record, contentHash: undefined, clock: VectorClock.empty, isMarked: false }));
    const content = positionOfHex(readers.yjs.emptyIndex().hash());
    expect([shelf.isRead, shelf.load(author)]).toEqual([true, []]);
    expect(shelf.digest("gone")).toEqual(roomDigest({ record, content, clock: VectorClock.empty }));
  });
});

describe("what is shared with a peer", () => {
  const root = (shelf: Shelf): unknown => shelf.catalogue.treeWith("a" as RelayId).node([]);

  test("is put together once while nothing changes", () => {
    const shelf = new Shelf();
    shelf.read()(summaryBy(anAuthor("one")), summaryBy(anAuthor("two")));
    const tree = shelf.catalogue.treeWith("a" as RelayId);
    expect(shelf.catalogue.treeWith("a" as RelayId)).toBe(tree);
    expect(tree.count([])).toBe(2);
  });

  test("[P1] is put together anew when a room says something else", () => {
    const shelf = new Shelf();
    const author = anAuthor("one");
    shelf.read()(summaryBy(author));
    const before = root(shelf);
    author.type("d");
    const room = shelf.rooms.use(name("one"))!;
    shelf.load(author);
    shelf.catalogue.changed(room);
    const after = root(shelf);
    expect(after).not.toEqual(before);
    shelf.catalogue.changed(room);
    expect(root(shelf)).toEqual(after);
  });
});

const documents = Array.from({ length: 12 }, (_, index) => `note ${index}`);

/** Somebody types a letter into each document, and everybody goes. */
function write(cluster: RelayCluster, at: readonly Seat[] = cluster.seats): void {
  const typists = documents.map((room, index) => new ClusterTypist(cluster, room, index + 1).connect(at[index % at.length]!));
  cluster.run(2_000);
  for (const typist of typists) typist.append("x");
  cluster.run(5_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(documents.map(() => 0));
  for (const typist of typists) typist.leave();
  for (const seat of at) for (const socket of [...seat.life!.sockets.values()]) cluster.hangUp(seat, socket);
  cluster.run(5_000);
}

/** Its process ends and another one begins; answers which rooms that reads. */
function readBy(cluster: RelayCluster, seat: Seat): readonly RoomName[] {
  cluster.crash(seat);
  cluster.run(1_000);
  const { loaded } = seat.disk;
  loaded.length = 0;
  cluster.start(seat);
  cluster.run(15_000);
  return [...new Set(loaded)].sort();
}

describe("a relay that starts anew", () => {
  test("reads no room that its disk has a hash of, and is found equal", () => {
    const cluster = aCluster();
    write(cluster);
    const [a] = cluster.seats;
    expect(a!.disk.hashes.size).toBe(documents.length);
    const compared: string[] = [];
    cluster.tap = (_from, _to, { messages }) => {
      for (const message of messages) if (message.type === "compare") compared.push(message.lineage.room);
    };
    expect(readBy(cluster, a!)).toEqual([]);
    expect(compared).toEqual([]);
  });

  test("[P1] reads the one whose hash its disk lost, and the one that changed behind it", () => {
    const cluster = aCluster();
    write(cluster);
    const [a] = cluster.seats;
    a!.disk.hashes.delete(name("note 1"));
    const typist = new ClusterTypist(cluster, "note 2", 91).connect(a!);
    cluster.run(2_000);
    typist.append("y");
    cluster.run(2_000);
    // The process is killed while somebody has it open: nothing was told of it since.
    expect(readBy(cluster, a!)).toEqual(["note 1", "note 2"]);
  });

  test("[P1] finds what it lacks by a hash as well as by reading", () => {
    const cluster = aCluster();
    write(cluster);
    const [a, b] = cluster.seats;
    cluster.crash(a!);
    const typist = new ClusterTypist(cluster, "note 3", 91).connect(b!);
    cluster.run(3_000);
    typist.append("y");
    cluster.run(10_000);
    expect(typist.unsaved).toBe(0);
    expect(readBy(cluster, a!)).toEqual(["note 3"]);
    expect(a!.disk.index({ room: name("note 3"), generation: 0 }).hash()).toBe(
      b!.disk.index({ room: name("note 3"), generation: 0 }).hash(),
    );
  });

  test.each([
    ["room", false],
    ["tombstone", true],
  ])(
    "[P2] vouches for no %s that comes to it by a change of the ring, and that it has only held for others, unread",
    (_what, isDeleted) => {
      const cluster = aCluster({ relays: 4, limits: { roomCacheBytes: 0 } });
      write(cluster, [cluster.seat(3)]);
      const edge = cluster.seat(3);
      const held = documents.filter((room) => !edge.life!.relay.replicasOf(name(room)).includes(edge.self));
      expect(held.length).toBeGreaterThan(0);
      expect(held.every((room) => edge.disk.hashes.has(name(room)) && !edge.disk.marks.has(name(room)))).toBe(true);
      if (isDeleted) for (const room of held) cluster.ask(edge, { type: "delete", room: name(room), principal: "ada" });
      cluster.run(5_000);
      readBy(cluster, edge);
      const lost = cluster.seat(0);
      cluster.crash(lost);
      cluster.run(20_000);
      cluster.forget(edge, lost);
      cluster.run(30_000);
      expect(held.map((room) => edge.disk.records.get(name(room))?.deleted !== undefined)).toEqual(held.map(() => isDeleted));
      expect(held.filter((room) => !edge.disk.marks.has(name(room)))).toEqual([]);
    },
  );
});
