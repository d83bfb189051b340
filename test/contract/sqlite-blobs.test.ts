/**
 * Images in the SQLite store while a relay runs: what goes bad is not served, told of once, set aside, and no reason for a new life; too many at once are
 * refused.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { aPicture, PictureAuthor } from "./blobs.contract.ts";
import { DamagedStore } from "./damaged-store.ts";
import { must } from "./update-log.contract.ts";

let store: DamagedStore;

beforeEach(async () => {
  store = await DamagedStore.open();
});
afterEach(() => store.remove());

test("[P9] an image with a flipped byte is lacking until it is given again; its document is as complete as it was", async () => {
  const picture = aPicture(1, 300_000);
  const author = new PictureAuthor();
  const put = () => store.log.putBlob(author.lineage, picture.name, picture.bytes, { atMs: 10 });
  await must(store.log.append([{ ...author.insert(picture), completes: true }]));
  await must(put());
  store.tamper("UPDATE piece SET bytes = cast(x'7a7b' || substr(bytes, 3) AS BLOB) WHERE part = 1");
  expect(await must(store.log.verify())).toMatchObject([{ where: "table piece", room: "a room" }]);
  for (let times = 0; times < 2; times++) expect(await must(store.log.blob(author.lineage, picture.name))).toBeUndefined();
  expect(store.reported).toMatchObject([{ where: "table blob", keptAs: undefined, room: "a room", isOfBlobs: true }]);
  expect((await must(store.log.blobGaps(0, 10))).lineages).toEqual([author.lineage]);
  expect(await must(store.log.load(author.lineage.room))).toMatchObject({ isMarked: true });
  await must(put());
  expect(await must(store.log.blob(author.lineage, picture.name))).toEqual(picture.bytes);
  await store.reopen();
  expect(store.reported).toEqual([]);
  expect(await must(store.log.verify())).toEqual([]);
});

test("[P9] one that nobody reads is set aside by whoever looks for damage", async () => {
  const picture = aPicture(1, 10);
  const author = new PictureAuthor();
  await must(store.log.append([author.insert(picture)]));
  await must(store.log.putBlob(author.lineage, picture.name, picture.bytes, { atMs: 10 }));
  store.tamper("DELETE FROM piece");
  expect(await must(store.log.setAsideDamage([author.lineage.room]))).toBe(1);
  expect(store.reported).toMatchObject([{ where: "table blob", isOfBlobs: true }]);
  expect(await must(store.log.blobsOf(author.lineage))).toEqual({ held: [], lacking: [picture.name] });
});

test("[P8] what waits to be kept is bounded, and what is refused for that may come again", async () => {
  const pictures = Array.from({ length: 9 }, (_, seed) => aPicture(seed, 8 * 2 ** 20));
  const { lineage } = new PictureAuthor();
  const put = ({ name, bytes }: (typeof pictures)[number]) => store.log.putBlob(lineage, name, bytes, { atMs: 10 });
  const results = await Promise.all(pictures.map(put));
  expect(results.map((result) => result.ok || result.refusal.code)).toEqual([...Array<true>(8).fill(true), "RELAY_BUSY"]);
  await must(put(pictures[8]!));
  expect((await must(store.log.blobsOf(lineage))).held).toHaveLength(9);
});

test("[P2] what could not be set aside when it was read is told not to be here, and is written anew when it comes again", async () => {
  const picture = aPicture(1, 300_000);
  const author = new PictureAuthor();
  const put = () => must(store.log.putBlob(author.lineage, picture.name, picture.bytes, { atMs: 10 }));
  const read = () => must(store.log.blob(author.lineage, picture.name));
  await must(store.log.append([author.insert(picture)]));
  await put();
  store.tamper("UPDATE piece SET bytes = cast(x'7a7b' || substr(bytes, 3) AS BLOB) WHERE part = 1");
  store.run("CREATE TRIGGER full BEFORE INSERT ON damage BEGIN SELECT RAISE(ABORT, 'full'); END");
  expect(await read()).toBeUndefined();
  await put();
  expect(await read()).toEqual(picture.bytes);
  store.run("DROP TRIGGER full");
  store.tamper("DELETE FROM piece");
  expect(await read()).toBeUndefined();
  expect(await must(store.log.blobsOf(author.lineage))).toEqual({ held: [], lacking: [picture.name] });
});

test("[P8] the smallest wait for their turn in bounded number, too, and what is too big is told that at once", async () => {
  const { lineage } = new PictureAuthor();
  const put = ({ name, bytes }: ReturnType<typeof aPicture>) => store.log.putBlob(lineage, name, bytes, { atMs: 10 });
  const results = await Promise.all(Array.from({ length: 1_025 }, (_, seed) => put({ ...aPicture(seed, 0), name: aPicture(0, 0).name })));
  expect(results.filter((result) => !result.ok && result.refusal.code === "RELAY_BUSY")).toHaveLength(1);
  const huge = { name: aPicture(0, 0).name, bytes: new Uint8Array(65 * 2 ** 20) };
  expect(await put(huge)).toMatchObject({ ok: false, refusal: { code: "BLOB_TOO_BIG" } });
});
