/**
 * Images in the SQLite store: what is damaged, and stores that had to be salvaged.
 */
import { describe, expect, test, vi } from "vitest";
import { aPicture } from "../../contract/blobs.contract.ts";
import { aRecord } from "../../contract/update-log.contract.ts";
import { pieceBytes } from "../../../server/log/blob-shelf.ts";
import { blobChecksum, type BlobRow } from "../../../server/log/store-row.ts";
import {
  large,
  other,
  folder,
  author,
  found,
  put,
  begin,
  read,
  isHere,
  blobs,
  tamper,
  rowsOf,
  verified,
  setAside,
  collect,
  compact,
  continuedIn,
} from "./blob-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

describe("[P9] an image that is not as it was written", () => {
  const flip = "bytes = cast(x'7a7b' || substr(bytes, 3) AS BLOB)";
  test.each([
    ["a flipped byte in a piece", `UPDATE piece SET ${flip} WHERE part = 1`],
    ["a missing piece", "DELETE FROM piece WHERE part = 2"],
    ["a head without pieces", "DELETE FROM piece WHERE blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["pieces in another order", "UPDATE piece SET part = 7 WHERE part = 0 AND blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["a head that says another size", "UPDATE blob SET size = size - 1 WHERE pieces = 3"],
  ])("%s: is found by reading and by looking, set aside, and lacking from then on", (_, sql) => {
    folder.append({ ...author.insert(large), completes: true }, author.insert(other));
    put(large);
    put(other);
    tamper(sql);
    expect(verified()).toMatchObject([{ where: expect.stringMatching(/^table (blob|piece)$/), room: author.lineage.room }]);
    expect(read(large)).toBeUndefined();
    expect(found).toMatchObject([{ where: "blob", lineage: author.lineage, row: { table: "blob" } }]);
    setAside();
    expect(rowsOf("damage")).toMatchObject([{ place: "blob", room: author.lineage.room, bytes: null }]);
    expect(blobs()).toEqual({ held: [other.name], lacking: [large.name] });
    expect(isHere(other)).toBe(true);
    expect([verified(), rowsOf("leftover"), rowsOf("piece").length]).toEqual([[], [], 1]);
    expect(folder.load(author.lineage.room).isMarked).toBe(true);
    put(large);
    expect(isHere(large)).toBe(true);
  });

  test("a mention that is not as it was written is read anew", () => {
    folder.append(author.insert(other));
    put(other);
    tamper("UPDATE mention SET noted = noted + 1");
    expect(verified()).toMatchObject([{ where: "table mention" }]);
    blobs();
    setAside();
    expect([rowsOf("mention"), rowsOf("unread").length]).toEqual([[], 1]);
    expect(collect()).toBe(0);
    expect([rowsOf("mention").length, rowsOf("unread"), verified()]).toEqual([1, [], []]);
  });

  test.each([
    ["whose pieces are gone", "DELETE FROM piece WHERE blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["whose head is damaged", "UPDATE blob SET size = size + 8 WHERE pieces = 3"],
  ])("one %s is written anew when it comes again, and not vouched for", (_, sql) => {
    folder.append(author.insert(large));
    put(large);
    tamper(sql);
    expect(begin(large, { isHere: sql.startsWith("UPDATE") }).type).toBe("begun");
    put(large);
    expect([isHere(large), found, rowsOf("blob").length]).toEqual([true, [], 1]);
    while (folder.store.sweepBlobs() === "more") continue;
    expect([verified(), rowsOf("piece").length]).toEqual([[], 3]);
  });

  test("one whose head says another size, and vouches for it, is not served", () => {
    put(large);
    const [row] = rowsOf("blob") as BlobRow[];
    const size = row!.size + 8;
    tamper(`UPDATE blob SET size = ${size}, crc = ${blobChecksum({ ...row!, size })}`);
    expect([read(large), found.length, verified().length]).toEqual([undefined, 1, 1]);
  });

  test("an entry that is missing beside it is found", () => {
    folder.append(author.insert(large), author.type("a"));
    put(large);
    tamper("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", "DELETE FROM piece WHERE part = 0");
    expect(verified()).toMatchObject([{ where: "table blob" }, { where: "table summary" }]);
  });

  test("its head does not count before all of its pieces are there", () => {
    const blob = { name: large.name, size: large.bytes.length, sinceMs: 10 };
    const begun = begin(large);
    const id = begun.type === "begun" ? begun.id : 0;
    folder.store.putPiece(id, 0, large.bytes.slice(0, pieceBytes));
    expect(() => folder.store.endBlob(id, author.lineage, { ...blob, pieces: 3 })).toThrow("1 pieces");
    expect(blobs().held).toEqual([]);
  });
});

test.each([
  ["the copy of its document is dropped", "dropped", () => folder.store.dropCopies([author.lineage])],
  [
    "its generation is closed",
    "closed",
    () => folder.store.putRecord(aRecord(author.lineage.room, { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true })),
  ],
] as const)("[P10] an image that is on its way when %s does not come", (_, outcome, away) => {
  folder.append(author.insert(other));
  const begun = begin(other);
  const id = begun.type === "begun" ? begun.id : 0;
  folder.store.putPiece(id, 0, other.bytes);
  away();
  expect(folder.store.endBlob(id, author.lineage, { name: other.name, size: other.bytes.length, sinceMs: 10, pieces: 1 })).toBe(outcome);
  while (folder.store.sweepBlobs() === "more") continue;
  expect([rowsOf("blob"), rowsOf("piece")]).toEqual([[], []]);
});

describe("[P2] out of a store that cannot be read", () => {
  /** Opens what is left of a process that was killed, with a tear in its write-ahead log: earlier images of rows that are gone are behind it. */
  function salvaged(): void {
    const copy = folder.killed();
    folder.dispose();
    continuedIn(copy);
    folder.overwrite(`${folder.file}-wal`, 40, Buffer.alloc(8, 0x21));
    expect(folder.open()).toMatchObject({ complete: false });
  }

  test("images come back whole, with what is mentioned, and what was on its way does not", () => {
    folder.append(author.insert(large), author.insert(other));
    put(large);
    put(aPicture(3));
    const begun = begin(other);
    if (begun.type === "begun") folder.store.putPiece(begun.id, 0, other.bytes);
    salvaged();
    expect(isHere(large)).toBe(true);
    expect(blobs()).toEqual({ held: [large.name, aPicture(3).name].sort(), lacking: [other.name] });
    expect([rowsOf("piece").length, verified()]).toEqual([4, []]);
    put(other);
    expect(isHere(other)).toBe(true);
  });

  test("earlier images of mentions do not keep what nothing mentions any more", () => {
    folder.keepsHistory = false;
    folder.append(author.insert(other));
    put(other);
    folder.append(author.remove(0));
    compact();
    collect();
    expect(rowsOf("mention")).toEqual([]);
    salvaged();
    expect(rowsOf("unread")).toMatchObject([{ noted: 0 }]);
    // Its entry came back, too.
    folder.append(author.type("a"));
    compact();
    for (const nowMs of [10_000, 20_000]) collect(undefined, nowMs);
    expect([rowsOf("mention"), rowsOf("blob")]).toEqual([[], []]);
  });

  test("[P10] those of a closed generation do not", () => {
    folder.append(author.insert(other));
    put(other);
    const deleted = { hlc: aRecord("").created, by: "" };
    folder.store.putRecord(aRecord(author.lineage.room, { deleted, everDeleted: true }));
    salvaged();
    expect([rowsOf("blob"), rowsOf("piece"), rowsOf("mention")]).toEqual([[], [], []]);
  });
});
