import { expect, test } from "vitest";
import { ALine, aRoom } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

test("who may only read is told so at the first edit, which stays and is not sent", () => {
  const line = new ALine();
  line.open();
  line.connect();
  line.hearOpened({ access: "read-only" });
  line.hearSynced();
  line.take();
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, problem: undefined });
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  expect(line.take()).toEqual([]);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 1, problem: { code: "READ_ONLY" } });
});
