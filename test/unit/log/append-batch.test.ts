import { expect, test } from "vitest";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { packAppends, unpackAppends } from "../../../server/log/append-batch.ts";
import { LogAuthor } from "../../contract/log-author.ts";

test("a batch comes out as it went in, each entry with the bytes that are kept of it", () => {
  const [first, second] = [new LogAuthor({ room: "first" }), new LogAuthor({ room: "second", generation: 3 })];
  const batch = [
    first.type("ab"),
    second.push(new Uint8Array(70_000)),
    first.push(new Uint8Array(0)),
    { lineage: second.lineage, entries: [] },
  ];
  const unpacked = unpackAppends(packAppends(batch));
  expect(unpacked.map(({ lineage, entries }) => ({ lineage, entries: entries.map(({ entry }) => entry) }))).toEqual(batch);
  expect(unpacked.flatMap(({ entries }) => entries.map(({ record }) => record))).toEqual(
    batch.flatMap(({ entries }) => entries.map(encodeEntry)),
  );
});

test("an empty batch is one", () => {
  expect(unpackAppends(packAppends([]))).toEqual([]);
});
