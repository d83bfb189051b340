/**
 * What every update log does with the images of documents. Part of the contract of every update log.
 */
import { expect, test } from "vitest";
import * as Y from "yjs";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { blobNameOfBytes, firstBlobLimits, mentionsMax, type BlobLimits } from "../../server/log/blob-admission.ts";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { bring, takeOver } from "./history-copies.contract.ts";
import { LogAuthor } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";
import { engineOfRoom } from "../engines.ts";

const lineage: Lineage = { room: "a room" as RoomName, generation: 0 };

export interface Picture {
  readonly name: BlobName;
  readonly bytes: Uint8Array;
}

/** Bytes that no other seed makes. */
export function aPicture(seed: number, size = 1_000): Picture {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed * (at % 7)) & 0xff);
  return { bytes, name: blobNameOfBytes(bytes) };
}

/** Somebody who puts pictures into a document and takes them out again. */
export class PictureAuthor extends LogAuthor {
  insert({ name }: Picture): ReturnType<LogAuthor["type"]> {
    return this.#edit((pictures) => {
      const image = new Y.XmlElement("image");
      image.setAttribute("blob", name);
      pictures.push([image]);
    });
  }

  remove(at: number): ReturnType<LogAuthor["type"]> {
    return this.#edit((pictures) => pictures.delete(at, 1));
  }

  #edit(change: (pictures: Y.XmlFragment) => void): ReturnType<LogAuthor["type"]> {
    const before = Y.encodeStateVector(this.document);
    change(this.document.getXmlFragment("content"));
    return this.push(Y.encodeStateAsUpdate(this.document, before));
  }
}

interface ContractOptions {
  readonly keepsHistory: boolean;
  /** Those that the logs have; undefined: as they come. */
  readonly limits: BlobLimits | undefined;
}

export function blobsContract(log: () => UpdateLog, again: () => Promise<void>, { keepsHistory, limits }: ContractOptions): void {
  const put = ({ name, bytes }: Picture, atMs = 10, of = lineage) => log().putBlob(of, name, bytes, { atMs });
  const read = ({ name }: Picture, of = lineage) => must(log().blob(of, name));
  const held = async (of = lineage) => must(log().blobsOf(of));
  const collect = (nowMs: number, graceMs = 500) => must(log().collectBlobs({ nowMs, graceMs }));
  /** Twice, with more than the grace between: what nothing mentioned the first time is gone. */
  const collectAll = async (nowMs: number) => (await collect(nowMs)) + (await collect(nowMs + 501));

  test("[P2] a blob that was kept comes back as it was, however large it may be", async () => {
    const pictures = [aPicture(1, 8 * 2 ** 20), aPicture(2, 256 * 1024), aPicture(3, 256 * 1024 + 1), aPicture(4, 0)];
    for (const picture of pictures) await must(put(picture));
    await must(put(pictures[0]!));
    for (const _ of ["at once", "by the next process"]) {
      for (const picture of pictures) expect(Buffer.compare((await read(picture))!, picture.bytes), picture.name).toBe(0);
      expect(await held()).toEqual({ held: pictures.map(({ name }) => name).sort(), lacking: [] });
      await again();
    }
    expect(await read(aPicture(5))).toBeUndefined();
    expect(await must(log().rooms({ limit: 10 }))).toMatchObject({ rooms: [] });
    expect(await must(log().verify())).toEqual([]);
  });

  test("[P9] bytes that are not what they are called, or too many, are refused", async () => {
    const [one, other] = [aPicture(1), aPicture(2)];
    const mismatch = { ok: false, refusal: { code: "BLOB_MISMATCH" } };
    expect(await put({ ...one, bytes: other.bytes })).toMatchObject(mismatch);
    expect(await put(aPicture(3, 8 * 2 ** 20 + 1))).toMatchObject({ ok: false, refusal: { code: "BLOB_TOO_BIG" } });
    await must(put(one));
    expect(await put({ ...one, bytes: other.bytes }), "of one that is here").toMatchObject(mismatch);
    expect((await held()).held).toEqual([one.name]);
  });

  test("[P10] a blob is of its document's generation, and goes with it; with a copy that is dropped, too", async () => {
    const picture = aPicture(1);
    const [next, other] = [
      { ...lineage, generation: 1 },
      { ...lineage, room: "another" as RoomName },
    ];
    const author = new PictureAuthor();
    await must(log().append([author.insert(picture)]));
    for (const of of [lineage, next, other]) await must(put(picture, 10, of));
    const { created } = aRecord("");
    await must(log().putRecord(aRecord("a room", { deleted: { hlc: created, by: "" }, everDeleted: true })));
    await must(log().dropCopies([other]));
    expect(await put(picture)).toMatchObject({ ok: false, refusal: { code: "ROOM_DELETED" } });
    for (const _ of ["at once", "by the next process"]) {
      for (const of of [lineage, other]) {
        expect(await read(picture, of), of.room).toBeUndefined();
        expect(await held(of), of.room).toEqual({ held: [], lacking: [] });
      }
      expect(await read(picture, next)).toEqual(picture.bytes);
      expect((await must(log().blobGaps(0, 10))).lineages).toEqual([]);
      await again();
    }
    expect(await must(log().verify())).toEqual([]);
  });

  test("what a document mentions and is not here is told, until it is here", async () => {
    const pictures = [aPicture(1), aPicture(2)];
    const author = new PictureAuthor();
    const other = new PictureAuthor({ room: "another", clientId: 8 });
    await must(log().append([author.insert(pictures[0]!), author.insert(pictures[1]!), other.insert(pictures[0]!)]));
    await must(put(pictures[0]!));
    await again();
    expect(await held()).toEqual({ held: [pictures[0]!.name], lacking: [pictures[1]!.name] });
    const first = await must(log().blobGaps(0, 1));
    expect(first.lineages).toEqual([author.lineage]);
    const second = await must(log().blobGaps(first.next!, 10));
    expect(second).toEqual({ lineages: [other.lineage], next: undefined });
    await must(put(pictures[1]!));
    await must(put(pictures[0]!, 10, other.lineage));
    expect((await must(log().blobGaps(0, 10))).lineages).toEqual([]);
  });

  test("[P2] nothing is collected that is mentioned, or was a moment ago, or came then; what is mentioned no more goes", async () => {
    const [inText, away, young, unused] = [aPicture(1), aPicture(2), aPicture(3), aPicture(4)];
    const author = new PictureAuthor();
    await must(log().append([author.insert(inText), author.insert(away)]));
    for (const picture of [inText, away, unused]) await must(put(picture, 10));
    expect(await collect(10_000), "the relay was away until now").toBe(0);
    expect(await collect(10_500), "a grace later").toBe(0);
    await must(put(young, 10_501));
    expect(await collect(10_501), "the one that nothing mentions").toBe(1);
    expect((await held()).held).toEqual([inText, away, young].map(({ name }) => name).sort());
    await must(log().append([author.remove(1)]));
    expect(await collect(10_600), "it is in the log still").toBe(0);
    await must(log().compact(author.lineage, author.clock));
    await must(put(young, 19_900));
    expect(await collect(20_000), "the last mention went just now, if it did").toBe(0);
    await must(put(young, 20_400));
    expect(await collect(20_501), "in the history").toBe(keepsHistory ? 0 : 1);
    if (keepsHistory) {
      await must(log().expireHistory(undefined));
      await must(put(young, 29_900));
      expect(await collect(30_000), "the last mention went just now").toBe(0);
      await must(put(young, 30_400));
      expect(await collect(30_501), "nowhere").toBe(1);
    }
    await again();
    expect(await held()).toEqual({ held: [inText.name, young.name].sort(), lacking: [] });
    expect(await read(inText)).toEqual(inText.bytes);
    expect(await must(log().verify())).toEqual([]);
  });

  test("one that is given again is as young as if it came, and never older than it was", async () => {
    const picture = aPicture(1);
    await collect(0);
    await must(put(picture, 10));
    await must(put(picture, 1_000));
    await must(put(picture, 20));
    expect(await collect(1_500)).toBe(0);
    expect(await collect(1_501)).toBe(1);
  });

  test("[P8] a document that mentions more than are noted keeps all its images, and tells some of what it lacks", async () => {
    const [one, other] = [aPicture(1), aPicture(2)];
    const author = new PictureAuthor();
    await collect(0);
    const names = Array.from({ length: mentionsMax + 1 }, (_, at) => `sha256-${at.toString(16).padStart(64, "0")}`);
    await must(log().append([author.push(new TextEncoder().encode(names.join(" ")))]));
    await must(log().append([author.insert(one)]));
    for (const picture of [one, other]) await must(put(picture));
    const tooMany = { ok: false, refusal: { code: "TOO_MANY_BLOBS" } };
    for (const nowMs of [10_000, 20_000]) expect(await log().collectBlobs({ nowMs, graceMs: 500 })).toMatchObject(tooMany);
    expect((await held()).held).toEqual([one, other].map(({ name }) => name).sort());
    expect((await held()).lacking.length).toBeLessThanOrEqual(mentionsMax);
    expect((await must(log().blobGaps(0, 10))).lineages).toEqual([author.lineage]);
  });

  test("what was set aside, since it does not apply, still keeps what it mentions", async () => {
    const picture = aPicture(1);
    const author = new PictureAuthor();
    const broken = author.push(new TextEncoder().encode(`nothing that applies ${picture.name}`));
    await must(log().append([author.type("a"), broken, author.type("b")]));
    await must(put(picture));
    expect((await must(log().compact(author.lineage, author.clock))).quarantined).toHaveLength(1);
    expect(await collectAll(10_000)).toBe(0);
  });

  // Where the store has limits of its own.
  if (limits !== undefined)
    test("[P8] a document has so many blobs and bytes of them; what another relay let in is taken", async () => {
      const { blobsPerRoomMax: most, blobBytesPerRoomMax: bytes } = limits ?? firstBlobLimits;
      const other: Lineage = { ...lineage, room: "another" as RoomName };
      const full = { ok: false, refusal: { code: "TOO_MANY_BLOBS" } };
      const pictures = Array.from({ length: most + 1 }, (_, seed) => aPicture(seed, 100));
      const copies = Array.from({ length: 5 * most }, (_, seed) => aPicture(seed + 50, 90));
      for (const picture of pictures.slice(1)) await must(put(picture));
      expect(await put(pictures[0]!)).toMatchObject(full);
      await must(put(pictures[1]!));
      for (const { name, bytes: given } of copies) await must(log().putBlob(lineage, name, given, { atMs: 1, isCopy: true }));
      const large = aPicture(1, 8 * 2 ** 20);
      await must(put(large, 10, other));
      const left = bytes - large.bytes.length;
      expect(await put(aPicture(2, left + 1), 10, other)).toMatchObject(full);
      await must(put(aPicture(2, left), 10, other));
    });

  if (!keepsHistory) return;

  test("[P2] a history keeps what it mentions until that is older than it goes back", async () => {
    const minute = 60_000;
    const [old, current] = [aPicture(1), aPicture(2)];
    const author = new PictureAuthor({ physicalMs: 10 * minute });
    await must(log().append([author.insert(old), author.insert(current)]));
    author.pass(minute);
    await must(log().append([author.remove(0)]));
    for (const picture of [old, current]) await must(put(picture));
    await must(log().compact(author.lineage, author.clock));
    // The picture has become part of what the history begins with; then it has not.
    for (const [cut, removed] of [
      [11, 0],
      [12, 1],
    ] as const) {
      expect(await must(log().expireHistory({ dueMs: cut * minute, cutMs: cut * minute }))).toBe(1);
      expect(await collectAll(cut * minute), String(cut)).toBe(removed);
    }
    expect((await held()).held).toEqual([current.name]);
  });

  test("[P2] what comes with another relay's history is mentioned with it", async () => {
    const [removed, current] = [aPicture(1), aPicture(2)];
    const there = new MemoryUpdateLog({ engineOf: engineOfRoom, nestingMax: 64, keepsHistory: true });
    const author = new PictureAuthor({ physicalMs: 600_000 });
    await must(there.append([author.insert(removed), author.insert(current)]));
    author.pass(60_000);
    await must(there.append([author.remove(0)]));
    await must(there.compact(author.lineage, author.clock));
    await takeOver(log(), author, 1_800_000);
    expect((await held()).lacking).toEqual([current.name]);
    await bring(there, log());
    await again();
    expect((await held()).lacking).toEqual([removed.name, current.name].sort());
    await must(put(removed));
    expect(await collectAll(10_000)).toBe(0);
  });

  test("[P2] what another relay's history begins with is mentioned with it, too", async () => {
    const removed = aPicture(1);
    const there = new MemoryUpdateLog({ engineOf: engineOfRoom, nestingMax: 64, keepsHistory: true });
    const author = new PictureAuthor({ physicalMs: 600_000 });
    await must(there.append([author.insert(removed)]));
    author.pass(60_000);
    await must(there.append([author.remove(0)]));
    await must(there.compact(author.lineage, author.clock));
    await must(there.expireHistory({ dueMs: 660_000, cutMs: 660_000 }));
    await takeOver(log(), author, 1_800_000);
    expect((await held()).lacking).toEqual([]);
    await bring(there, log());
    await again();
    expect((await held()).lacking).toEqual([removed.name]);
  });
}
