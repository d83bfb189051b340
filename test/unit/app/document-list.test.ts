import { expect, it } from "vitest";
import { mergeDocuments, waitingWords } from "../../../client/app/document-list.ts";

const device = (room: string, waiting = 0, changedMs = 0) => ({ room, generation: 0, waiting, changedMs });
const listed = (room: string, title: string, changedMs = 0) => ({ room, title, kind: "text", changedMs });
const recent = (room: string, title: string, kind = "text") => ({ room, title, kind, openedMs: 0 });

it("each document is there once, what waits to be sent first, then the latest change", () => {
  const rows = mergeDocuments({
    relay: [listed("a", "Alpha", 10), listed("b", "Beta", 30)],
    device: [device("a"), device("c", 2, 5)],
    recent: [recent("c", "Gamma", "code")],
    search: "",
  });
  expect(rows.map(({ title }) => title)).toEqual(["Gamma", "Beta", "Alpha"]);
  expect(rows[0]).toMatchObject({ kind: "code", waiting: 2, onDevice: true, onRelay: false });
  expect(rows[2]).toMatchObject({ onDevice: true, onRelay: true });
});

it("[P7] without a relay it is what this device has, under the titles remembered here", () => {
  const rows = mergeDocuments({
    relay: undefined,
    device: [device("a", 1), device("b")],
    recent: [recent("a", "Alpha"), recent("z", "Elsewhere")],
    search: "",
  });
  expect(rows.map(({ title }) => title)).toEqual(["Alpha", ""]);
});

it("a title changed here and not sent yet is shown as it is here", () => {
  const rows = mergeDocuments({ relay: [listed("a", "Old")], device: [device("a", 1)], recent: [recent("a", "New")], search: "" });
  expect(rows[0]?.title).toBe("New");
});

it("what waits of a deleted document is not said to be sent some day", () => {
  const deletion = { by: "Ada", atMs: 7 };
  const parts = { relay: undefined, recent: [], search: "" };
  const rows = mergeDocuments({ ...parts, device: [{ ...device("gone", 3), deletion }, device("here", 1)] });
  expect(rows.map(({ room, isDeleted, waiting }) => [room, isDeleted, waiting])).toEqual([
    ["gone", true, 3],
    ["here", false, 1],
  ]);
  expect(waitingWords(rows, 0)).toContain("1 edit in one document waits to be sent");
  expect(waitingWords(mergeDocuments({ ...parts, device: [{ ...device("gone", 3), deletion }] }), 0)).toBe("");
});

it("what is only on this device is searched here", () => {
  const rows = mergeDocuments({
    relay: [],
    device: [device("a"), device("b")],
    recent: [recent("a", "Ink Notes"), recent("b", "Other")],
    search: "notes",
  });
  expect(rows.map(({ room }) => room)).toEqual(["a"]);
});

it("what waits to be sent is summed up in one sentence, with the time of the oldest edit", () => {
  const now = new Date(2026, 10, 3, 16, 30).getTime();
  const at = (hours: number, minutes: number) => new Date(2026, 10, 3, hours, minutes).getTime();
  const words = (...devices: { waiting: number; waitingSinceMs?: number }[]) =>
    waitingWords(
      mergeDocuments({
        relay: undefined,
        device: devices.map((one, index) => ({ ...device(`r${index}`), ...one })),
        recent: [],
        search: "",
      }),
      now,
    );
  expect(words({ waiting: 0 })).toBe("");
  expect(words({ waiting: 1, waitingSinceMs: at(16, 29) })).toBe("1 edit in one document waits to be sent, since 16:29.");
  expect(words({ waiting: 3, waitingSinceMs: at(16, 20) }, { waiting: 2, waitingSinceMs: at(14, 5) }, { waiting: 0 })).toBe(
    "5 edits in 2 documents wait to be sent, since 14:05.",
  );
});
