/**
 * Images among relays that fail each other: links that flap or are slow, disks that are full, names that nobody has an image for.
 */
import { describe, expect, test } from "vitest";
import { blobNameOf, type BlobName } from "@inkmesh/shared/base/blob-name";
import { isAboutBlob } from "@inkmesh/shared/wire/mesh-blob-message";
import { blobsSince } from "@inkmesh/shared/wire/protocol-version";
import { aNote, anImage, answered, get, has, lineage, listenTo, nameIn, put, refusalOf, room, type Image } from "./note-with-images.ts";
import type { Seat } from "./relay-cluster.ts";
import { minuteMs } from "./written-cluster.ts";

const nameOf = (number: number): BlobName => blobNameOf(number.toString(16).padStart(64, "0"));

describe("what was put is offered until the replicas hold it", () => {
  test("anew on the next link, where the one before ended meanwhile", () => {
    const { cluster, replicas } = aNote();
    const [first, second, third] = replicas as [Seat, Seat, Seat];
    cluster.crash(third);
    cluster.run(3_000);
    cluster.bytesPerMs = 200;
    const image = anImage(1, 400_000);
    const heard = listenTo(cluster);
    const answer = put(cluster, first, image);
    cluster.runUntil(() => heard.some(({ message }) => message.type === "blob-part"), 5_000);
    cluster.cut(first, second);
    cluster.heal();
    cluster.bytesPerMs = Number.POSITIVE_INFINITY;
    expect(answered(cluster, answer)).toMatchObject({ type: "blob-saved", durability: { copies: 2 } });
  });

  test("also once nobody waits, and where nothing mentions it", () => {
    const { cluster, replicas } = aNote();
    const [first] = replicas as [Seat, Seat, Seat];
    for (const seat of cluster.seats) if (seat !== first) cluster.cut(first, seat);
    cluster.run(1_000);
    const image = anImage();
    expect(refusalOf(answered(cluster, put(cluster, first, image)))).toBe("NOT_CONFIRMED");
    cluster.heal();
    cluster.run(minuteMs);
    expect(replicas.map((seat) => has(seat, image))).toEqual([true, true, true]);
    const heard = listenTo(cluster);
    cluster.run(2 * minuteMs);
    expect(heard).toEqual([]);
  });

  test("and is called done here only where it is: not while the disk is busy with it", () => {
    const { cluster, replicas } = aNote();
    cluster.diskMsMax = 60_000;
    const image = anImage();
    const told = answered(cluster, put(cluster, replicas[0]!, image));
    expect([refusalOf(told), has(replicas[0]!, image)]).toEqual(["RELAY_BUSY", false]);
  });

  test("and what they had already begins its time there anew, before they say so", () => {
    const { cluster, replicas, edge } = aNote();
    const image = anImage();
    expect(answered(cluster, put(cluster, edge, image))?.type).toBe("blob-saved");
    cluster.run(5_000);
    for (const seat of replicas) seat.disk.blobs.lettingIn.length = 0;
    expect(answered(cluster, put(cluster, edge, image))?.type).toBe("blob-saved");
    cluster.run(1_000);
    expect(replicas.map((seat) => seat.disk.blobs.lettingIn)).toEqual([[image.name], [image.name], [image.name]]);
  });
});

describe("names that nobody has an image for", () => {
  test("in one document hold up those of others no longer than a moment, nor what is put and asked for", () => {
    const { cluster, replicas, typist } = aNote();
    const [first, second, third] = replicas as [Seat, Seat, Seat];
    for (let some = 0; some < 50; some++) {
      typist.append(Array.from({ length: 100 }, (_, index) => nameOf(some * 100 + index)).join(" "));
      cluster.run(50);
    }
    cluster.run(4_000);
    const [fresh, old] = [anImage(1), anImage(2)];
    expect(answered(cluster, put(cluster, first, fresh))?.type).toBe("blob-saved");
    second.disk.blobs.put(lineage, old.name, old.bytes);
    expect(nameIn(answered(cluster, get(cluster, third, old)))).toBe(old.name);
  });

  test("and those that somebody has come behind them", () => {
    const { cluster, replicas, edge, typist } = aNote();
    const images = Array.from({ length: 3 }, (_, index) => anImage(index + 1, 1_000));
    for (const { name, bytes } of images) edge.disk.blobs.put(lineage, name, bytes);
    typist.append(Array.from({ length: 100 }, (_, index) => nameOf(index)).join(" "));
    typist.append(images.map(({ name }) => name).join(" "));
    cluster.run(4 * minuteMs);
    expect(replicas.map((seat) => images.map((image) => has(seat, image)))).toEqual(Array.from({ length: 3 }, () => [true, true, true]));
  });

  test("that readers ask for hold up nothing that is offered, and are not asked for again at once", () => {
    const { cluster, replicas, edge } = aNote();
    const [first] = replicas as [Seat, Seat, Seat];
    cluster.run(1_000);
    for (let round = 0; round < 300; round++) get(cluster, first, { name: nameOf(round), bytes: new Uint8Array() });
    const fromMs = cluster.nowMs;
    expect(answered(cluster, put(cluster, edge, anImage()))).toMatchObject({ type: "blob-saved" });
    expect(cluster.nowMs - fromMs).toBeLessThan(3_000);
    cluster.run(10_000);
    expect(refusalOf(answered(cluster, get(cluster, edge, { name: nameOf(1), bytes: new Uint8Array() })))).toBe("BLOB_NOT_FOUND");
    const heard = listenTo(cluster);
    expect(refusalOf(answered(cluster, get(cluster, edge, { name: nameOf(1), bytes: new Uint8Array() })))).toBe("BLOB_NOT_FOUND");
    expect(heard).toEqual([]);
  });

  test("are known to be nowhere also where a relay is of a version without images", () => {
    const old = aNote().replicas[0]!.self;
    const { cluster, edge } = aNote({ versions: { [old]: blobsSince - 1 } });
    expect(refusalOf(answered(cluster, get(cluster, edge, anImage())))).toBe("BLOB_NOT_FOUND");
  });
});

test("an image comes over a line on which it takes minutes, and is asked for as it comes", () => {
  const { cluster, replicas, typist } = aNote();
  const [, , third] = replicas as [Seat, Seat, Seat];
  const image = anImage(1, 2_000_000);
  for (const seat of replicas.slice(0, 2)) seat.disk.blobs.put(lineage, image.name, image.bytes);
  cluster.run(5_000);
  // 128 kbit/s.
  cluster.bytesPerMs = 16;
  let givenBytes = 0;
  cluster.tap = (_from, _to, { messages }) => {
    for (const message of messages) if (isAboutBlob(message) && message.type === "blob-part") givenBytes += message.bytes.length;
  };
  typist.append(image.name);
  cluster.runUntil(() => has(third, image), 5 * minuteMs);
  expect(has(third, image)).toBe(true);
  expect(givenBytes).toBeLessThan(image.bytes.length + 600_000);
});

test.each(["STORE_FULL", "TOO_MANY_BLOBS"] as const)("a disk that refuses with %s is not given the same again and again", (code) => {
  const { cluster, replicas, typist } = aNote();
  const [first, , third] = replicas as [Seat, Seat, Seat];
  const images: readonly Image[] = [anImage(1), anImage(2), anImage(3)];
  third.disk.blobs.refusal = { code, detail: "" };
  let requests = 0;
  cluster.tap = (from, _to, { messages }) => {
    for (const message of messages) if (from === third && message.type === "blob-request" && message.from === 0) requests += 1;
  };
  for (const image of images) {
    expect(answered(cluster, put(cluster, first, image))?.type).toBe("blob-saved");
    typist.append(`${image.name} `);
  }
  cluster.run(10 * minuteMs);
  expect(requests).toBeLessThan(24);
  third.disk.blobs.refusal = undefined;
  cluster.run(10 * minuteMs);
  expect(images.map((image) => has(third, image))).toEqual([true, true, true]);
});

test("a relay whose disk cannot be read says so, and is asked for the next one", () => {
  const { cluster, replicas, edge } = aNote();
  const image = anImage();
  for (const seat of replicas) seat.disk.blobs.put(lineage, image.name, image.bytes);
  replicas[0]!.disk.blobs.isUnreadable = true;
  const fromMs = cluster.nowMs;
  expect(nameIn(answered(cluster, get(cluster, edge, image)))).toBe(image.name);
  expect(cluster.nowMs - fromMs).toBeLessThan(1_000);
});

test("relays whose disks are lost one after the other, each once the one before is whole, lose no image", () => {
  const { cluster, replicas, typist } = aNote();
  const images = Array.from({ length: 6 }, (_, index) => anImage(index + 1, 500_000));
  for (const image of images) {
    expect(answered(cluster, put(cluster, replicas[0]!, image))?.type).toBe("blob-saved");
    typist.append(`${image.name} `);
  }
  // Nobody has these.
  typist.append(Array.from({ length: 100 }, (_, index) => nameOf(index)).join(" "));
  cluster.run(5_000);
  cluster.bytesPerMs = 250;
  for (const victim of replicas.slice(1)) {
    cluster.wipe(victim);
    cluster.start(victim);
    cluster.runUntil(() => victim.disk.marks.has(room) && victim.disk.wholeRing !== undefined, 2 * minuteMs);
    expect([victim.disk.wholeRing !== undefined, ...images.map((image) => has(victim, image))]).toEqual([true, ...images.map(() => true)]);
  }
});
