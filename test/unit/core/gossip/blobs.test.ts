/**
 * Images among relays: relay cores as they ship (`relay-cluster.ts`), on disks that keep images. Whatever is called saved or dropped is looked for on
 * the disks of the replicas at that moment.
 */
import { describe, expect, test } from "vitest";
import { isAboutBlob } from "@inkmesh/shared/wire/mesh-blob-message";
import { blobsSince, meshVersion } from "@inkmesh/shared/wire/protocol-version";
import { blobNameOfBytes } from "../../../../server/log/blob-admission.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import {
  aNote,
  anImage,
  answered,
  get,
  goes,
  has,
  lineage,
  listenTo,
  nameIn,
  put,
  refusalOf,
  room,
  type Image,
  type Note,
} from "./note-with-images.ts";
import type { Seat } from "./relay-cluster.ts";
import { minuteMs, statusOf } from "./written-cluster.ts";

describe("[P2] an image is called saved when enough replicas have it on disk", () => {
  test.each([1, 2, 3, 4, 5, 6])("wherever it is put (seed %i)", (seed) => {
    const { cluster, replicas, edge } = aNote({ seed });
    cluster.diskMsMax = 3_000;
    const at = [replicas[seed % 3]!, edge][seed % 2]!;
    const image = anImage(seed);
    const answer = put(cluster, at, image);
    let held = 0;
    cluster.runUntil(() => {
      if (answer() === undefined) held = replicas.filter((seat) => has(seat, image)).length;
      return answer() !== undefined;
    }, 20_000);
    // A disk takes seconds: what came to it since the last look is one more at most.
    const now = replicas.filter((seat) => has(seat, image)).length;
    const told = answer();
    if (told?.type === "blob-saved") expect([told.durability.needed, told.durability.copies <= now, now >= 2]).toEqual([2, true, true]);
    else expect([refusalOf(told), held < 3]).toEqual(["NOT_CONFIRMED", true]);
    cluster.diskMsMax = 20;
    // Again, it is the same.
    expect(answered(cluster, put(cluster, at, image))).toMatchObject({ type: "blob-saved", durability: { replicas: 3, needed: 2 } });
    cluster.run(5_000);
    expect(replicas.map((seat) => has(seat, image))).toEqual([true, true, true]);
  });

  test("not while the others cannot be reached; it stays, and comes to them with what mentions it", () => {
    const { cluster, replicas, typist } = aNote();
    const [first] = replicas as [Seat, Seat, Seat];
    for (const seat of cluster.seats) if (seat !== first) cluster.cut(first, seat);
    cluster.run(1_000);
    const image = anImage();
    expect(refusalOf(answered(cluster, put(cluster, first, image)))).toBe("NOT_CONFIRMED");
    expect(has(first, image)).toBe(true);
    typist.append(image.name);
    cluster.run(5_000);
    cluster.heal();
    cluster.run(minuteMs);
    expect(replicas.map((seat) => has(seat, image))).toEqual([true, true, true]);
  });

  test("a relay that is none of them does not count", () => {
    const { cluster, replicas, edge } = aNote();
    for (const seat of replicas.slice(1)) cluster.crash(seat);
    cluster.run(1_000);
    const image = anImage();
    expect(refusalOf(answered(cluster, put(cluster, edge, image)))).toBe("NOT_CONFIRMED");
    expect([has(edge, image), has(replicas[0]!, image)]).toEqual([true, true]);
  });

  test("nor does one that is not complete", () => {
    const { cluster, replicas } = aNote();
    const [first, second, third] = replicas as [Seat, Seat, Seat];
    cluster.crash(third);
    // It has nothing, and nobody to compare with but the first, to whom it says so.
    cluster.wipe(second);
    cluster.cut(second, third);
    cluster.start(second);
    cluster.run(15_000);
    const complete = second.disk.marks.has(room);
    const image = anImage();
    const told = answered(cluster, put(cluster, first, image));
    expect(complete).toBe(false);
    expect(refusalOf(told)).toBe("NOT_CONFIRMED");
    expect(has(second, image)).toBe(true);
  });

  test("over slow lines: what replicas said under another ring, or on another link, is asked anew", () => {
    const { cluster, replicas, edge } = aNote();
    const image = anImage();
    cluster.bytesPerMs = 50;
    const answer = put(cluster, edge, image);
    cluster.runUntil(() => replicas.some((seat) => has(seat, image)), 20_000);
    for (const seat of replicas) {
      cluster.cut(edge, seat);
      cluster.heal();
    }
    cluster.bytesPerMs = Number.POSITIVE_INFINITY;
    expect(answered(cluster, answer)).toMatchObject({ type: "blob-saved", durability: { needed: 2 } });
  });
});

test("bytes that are not what the name says are refused, and no relay has them", () => {
  const { cluster, replicas } = aNote();
  const { name } = anImage(1);
  expect(refusalOf(answered(cluster, put(cluster, replicas[0]!, { name, bytes: anImage(2).bytes })))).toBe("BLOB_MISMATCH");
  cluster.run(5_000);
  expect(cluster.seats.filter((seat) => has(seat, { name, bytes: new Uint8Array() }))).toEqual([]);
});

describe("an image that is asked for", () => {
  test.each([1, 2, 3])("comes from whoever has it, and stays (seed %i)", (seed) => {
    const { cluster, replicas, edge } = aNote({ seed });
    const image = anImage(seed);
    // As one that was put at a relay which is none of the replicas, and that nobody else has.
    const [, other] = cluster.seats.filter((seat) => !replicas.includes(seat)) as [Seat, Seat];
    other.disk.blobs.put(lineage, image.name, image.bytes);
    expect(nameIn(answered(cluster, get(cluster, edge, image)))).toBe(image.name);
    expect(has(edge, image)).toBe(true);
    const heard = listenTo(cluster);
    expect(nameIn(answered(cluster, get(cluster, edge, image)))).toBe(image.name);
    expect(heard).toEqual([]);
  });

  test("and that nobody has is told so; where a replica cannot be asked, that", () => {
    const { cluster, replicas, edge } = aNote();
    expect(refusalOf(answered(cluster, get(cluster, edge, anImage())))).toBe("BLOB_NOT_FOUND");
    cluster.cut(edge, replicas[2]!);
    cluster.run(1_000);
    expect(refusalOf(answered(cluster, get(cluster, edge, anImage())))).toBe("BLOB_NOT_REACHED");
    cluster.heal();
    cluster.run(5_000);
    expect(refusalOf(answered(cluster, get(cluster, edge, anImage())))).toBe("BLOB_NOT_FOUND");
  });

  test("comes from the next one where a relay gives other bytes, and those are on no disk", () => {
    const { cluster, replicas, edge } = aNote();
    const image = anImage();
    for (const seat of replicas) seat.disk.blobs.put(lineage, image.name, image.bytes);
    for (const seat of replicas.slice(0, 2)) seat.disk.blobs.spoil(lineage, image.name);
    expect(nameIn(answered(cluster, get(cluster, edge, image)))).toBe(image.name);
    expect(blobNameOfBytes(edge.disk.blobs.bytes(lineage, image.name)!)).toBe(image.name);
    replicas[2]!.disk.blobs.spoil(lineage, image.name);
    edge.disk.blobs.lose(lineage, image.name);
    expect(refusalOf(answered(cluster, get(cluster, edge, image)))).toBe("BLOB_NOT_FOUND");
    expect(has(edge, image)).toBe(false);
  });

  test("comes from the next one where a relay is silent, and others wait for that no longer", () => {
    const { cluster, replicas, edge } = aNote();
    const images = Array.from({ length: 12 }, (_, index) => anImage(index + 1));
    for (const { name, bytes } of images) for (const seat of replicas) seat.disk.blobs.put(lineage, name, bytes);
    cluster.hush(edge, replicas[0]!);
    const fromMs = cluster.nowMs;
    const answers = images.map((image) => get(cluster, edge, image));
    cluster.runUntil(() => answers.every((answer) => answer() !== undefined), 20_000);
    expect(answers.map((answer) => answer()?.type)).toEqual(images.map(() => "blob"));
    expect(cluster.nowMs - fromMs).toBeLessThan(6_000);
  });

  test("is asked of one relay at a time, one after the other, and of few at once", () => {
    const { cluster, replicas, edge } = aNote({ relays: 9 });
    cluster.bytesPerMs = 500;
    const images = Array.from({ length: 12 }, (_, index) => anImage(index + 1, 300_000));
    for (const { name, bytes } of images) for (const seat of replicas) seat.disk.blobs.put(lineage, name, bytes);
    const open = new Map<Seat, number>();
    let most = 0;
    cluster.tap = (from, to, { messages }) => {
      for (const message of messages) {
        if (message.type === "blob-request" && message.from === 0) open.set(to, (open.get(to) ?? 0) + 1);
        const isEnd = message.type === "blob-absent" || (message.type === "blob-part" && message.remaining === 0);
        if (isEnd) open.set(from, (open.get(from) ?? 0) - 1);
        if (isAboutBlob(message)) most = Math.max(most, ...open.values());
      }
    };
    const answers = images.map((image) => get(cluster, edge, image));
    cluster.runUntil(() => answers.every((answer) => answer() !== undefined), 20_000);
    expect(answers.map((answer) => answer()?.type)).toEqual(images.map(() => "blob"));
    expect(most).toBe(1);
  });
});

describe("what a document mentions and a relay with a copy lacks, it gets", () => {
  test.each([1, 2, 3])("when its folder was lost (seed %i)", (seed) => {
    const { cluster, replicas, typist } = aNote({ seed });
    const images = [anImage(1), anImage(2), anImage(3)];
    for (const image of images) {
      expect(answered(cluster, put(cluster, replicas[0]!, image))?.type).toBe("blob-saved");
      typist.append(`${image.name} `);
    }
    cluster.run(5_000);
    cluster.wipe(replicas[1]!);
    cluster.start(replicas[1]!);
    cluster.run(2 * minuteMs);
    expect(images.map((image) => has(replicas[1]!, image))).toEqual([true, true, true]);
  });

  test("when it was damaged", () => {
    const { cluster, replicas, typist } = aNote();
    const image = anImage();
    put(cluster, replicas[0]!, image);
    typist.append(image.name);
    cluster.run(10_000);
    replicas[2]!.disk.blobs.lose(lineage, image.name);
    cluster.run(2 * minuteMs);
    expect(has(replicas[2]!, image)).toBe(true);
  });

  test("soon after it is written, where nobody offered it", () => {
    const { cluster, replicas, edge, typist } = aNote();
    const image = anImage();
    edge.disk.blobs.put(lineage, image.name, image.bytes);
    typist.append(image.name);
    cluster.run(8_000);
    expect(replicas.map((seat) => has(seat, image))).toEqual([true, true, true]);
  });
});

describe("a copy with images", () => {
  /** At the edge, with one that only it has. */
  function atTheEdge(note: Note, image: Image): void {
    const { cluster, edge } = note;
    const typist = new ClusterTypist(cluster, room, 2).connect(edge);
    cluster.run(3_000);
    edge.disk.blobs.put(lineage, image.name, image.bytes);
    goes(cluster, typist);
  }

  /** From now on what goes is looked for on all replicas' disks. */
  function auditDrops({ edge, replicas }: Note): { count: number } {
    const drops = { count: 0 };
    const { disk } = edge;
    const drop = disk.dropCopies.bind(disk);
    disk.dropCopies = (lineages) => {
      drops.count += 1;
      for (const name of disk.blobs.of(lineage).held)
        expect(replicas.map((seat) => seat.disk.blobs.bytes(lineage, name) !== undefined)).toEqual([true, true, true]);
      return drop(lineages);
    };
    return drops;
  }

  test.each([1, 2, 3])("goes only once each replica holds all of them (seed %i)", (seed) => {
    const note = aNote({ seed });
    const { cluster, replicas, edge } = note;
    const image = anImage(seed);
    const drops = auditDrops(note);
    atTheEdge(note, image);
    cluster.diskMsMax = 3_000;
    cluster.runUntil(() => drops.count > 0, 5 * minuteMs);
    expect([drops.count, has(edge, image)]).toEqual([1, false]);
    expect(replicas.map((seat) => has(seat, image))).toEqual([true, true, true]);
  });

  test("stays while one of them speaks a version that has no word for it, and goes when it does", () => {
    const old = aNote().replicas[2]!.self;
    const note = aNote({ versions: { [old]: blobsSince - 1 } });
    const { cluster, replicas, edge } = note;
    const drops = auditDrops(note);
    const image = anImage();
    atTheEdge(note, image);
    cluster.run(4 * minuteMs);
    expect([drops.count, has(edge, image)]).toEqual([0, true]);
    cluster.crash(replicas[2]!);
    replicas[2]!.version = meshVersion;
    cluster.start(replicas[2]!);
    cluster.runUntil(() => drops.count > 0, 5 * minuteMs);
    expect(drops.count).toBe(1);
  });

  test("a relay leaves only once all of them are on each replica", () => {
    const { cluster, typist } = aNote({ relays: 4 });
    const leaver = cluster.seats.find((seat) => seat.life!.relay.replicasOf(room).includes(seat.self) && seat !== typist.seat)!;
    const images = [anImage(1, 1_000_000), anImage(2), anImage(3)];
    for (const { name, bytes } of images) leaver.disk.blobs.put(lineage, name, bytes);
    goes(cluster, typist);
    cluster.diskMsMax = 2_000;
    cluster.bytesPerMs = 100;
    cluster.order(leaver, { type: "drain" });
    cluster.runUntil(() => statusOf(leaver) === "left", 5 * minuteMs);
    expect(statusOf(leaver)).toBe("left");
    const replicas = cluster.ring.newest.preferenceList(room, 3).map((name) => cluster.seats.find(({ self }) => self === name)!);
    expect(replicas.map((seat) => images.map((image) => has(seat, image)))).toEqual(Array.from({ length: 3 }, () => [true, true, true]));
  });
});

test("what is fetched for a document that is deleted meanwhile ends, and is kept nowhere", () => {
  const { cluster, replicas, edge } = aNote();
  const image = anImage(1, 4_000_000);
  replicas[1]!.disk.blobs.put(lineage, image.name, image.bytes);
  cluster.bytesPerMs = 500;
  const answer = get(cluster, edge, image);
  const heard = listenTo(cluster);
  cluster.runUntil(() => heard.some(({ message }) => message.type === "blob-part"), 10_000);
  cluster.ask(edge, { type: "delete", room, principal: "ada" });
  expect(refusalOf(answered(cluster, answer))).toBe("ROOM_DELETED");
  cluster.run(minuteMs);
  heard.length = 0;
  cluster.run(minuteMs);
  expect(heard).toEqual([]);
  expect(cluster.seats.filter((seat) => has(seat, image))).toEqual([]);
});

test("a relay of an older version hears no word of it, and has nobody wait", () => {
  const old = aNote().replicas[0]!.self;
  const { cluster, replicas, edge } = aNote({ versions: { [old]: blobsSince - 1 } });
  const heard = listenTo(cluster);
  const image = anImage();
  const fromMs = cluster.nowMs;
  expect(answered(cluster, put(cluster, edge, image))).toMatchObject({ type: "blob-saved", durability: { copies: 2 } });
  edge.disk.blobs.lose(lineage, image.name);
  expect(answered(cluster, get(cluster, edge, image))?.type).toBe("blob");
  expect(cluster.nowMs - fromMs).toBeLessThan(2_000);
  expect(heard.filter(({ from, to }) => from === replicas[0] || to === replicas[0])).toEqual([]);
});
