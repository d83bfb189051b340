import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { ListedRoom } from "@inkmesh/shared/wire/mesh-room-message";
import { describe, expect, test } from "vitest";
import { joinLists, type ListedPage } from "../../../../server/core/gossip/list-join.ts";
import type { RoomRecord } from "../../../../server/core/stored-room.ts";

const hlc = (physicalMs: number) => ({ physicalMs, logical: 0, relay: "a" as RelayId });

function aRoom(room: string, changes: Partial<RoomRecord> = {}, numbers: Partial<ListedRoom> = {}): ListedRoom {
  const none = { title: undefined, kind: undefined, deleted: undefined, everDeleted: false };
  const record: RoomRecord = { room: room as RoomName, generation: 0, ...none, created: hlc(1), ...changes };
  return { record, bytes: 1, sessions: 0, changedMs: undefined, isHeld: true, ...numbers };
}

function aPage(relay: string, rooms: readonly ListedRoom[], next?: string): ListedPage {
  return { relay: relay as RelayId, rooms, next };
}

function namesOf(pages: readonly ListedPage[], limit = 10): readonly [readonly string[], string | undefined] {
  const { rooms, next } = joinLists(pages, limit);
  return [rooms.map(({ record }) => record.room), next];
}

describe("a page of several relays", () => {
  test.each<[string, readonly ListedPage[], number, readonly [readonly string[], string | undefined]]>([
    [
      "has every document once",
      [aPage("a", [aRoom("x"), aRoom("y")]), aPage("b", [aRoom("w"), aRoom("y")])],
      10,
      [["w", "x", "y"], undefined],
    ],
    ["ends at its limit", [aPage("a", [aRoom("x"), aRoom("z")]), aPage("b", [aRoom("y")])], 2, [["x", "y"], "y"]],
    [
      "ends where one of them stopped",
      [aPage("a", [aRoom("b"), aRoom("c")], "c"), aPage("b", [aRoom("a"), aRoom("d")])],
      10,
      [["a", "b", "c"], "c"],
    ],
    ["goes on after deleted ones", [aPage("a", [aRoom("b", { deleted: { hlc: hlc(2), by: "" } })], "b")], 10, [[], "b"]],
    [
      "is in the order of bytes, as stores sort",
      [aPage("a", [aRoom("\u{1f600}")]), aPage("b", [aRoom("\uff01")])],
      10,
      [["\uff01", "\u{1f600}"], undefined],
    ],
    ["of nobody is empty", [], 10, [[], undefined]],
  ])("%s", (_, pages, limit, expected) => {
    expect(namesOf(pages, limit)).toEqual(expected);
  });

  test("[P10] a deletion and a later generation win, whoever knows of them", () => {
    const deleted = aRoom("x", { deleted: { hlc: hlc(2), by: "" } });
    expect(namesOf([aPage("a", [aRoom("x")]), aPage("b", [deleted])])).toEqual([[], undefined]);
    const next = aRoom("x", { generation: 1, created: hlc(3) }, { bytes: 7, sessions: 1 });
    for (const rooms of [
      [deleted, next],
      [next, deleted],
    ]) {
      const pages = rooms.map((room, index) => aPage(`r${index}`, [room]));
      expect(joinLists(pages, 10).rooms).toMatchObject([
        { record: { generation: 1 }, bytes: 7, sessions: 1, heldBy: [expect.any(String)] },
      ]);
    }
  });

  test("of one generation the latest title counts, sessions add up, and who holds it is named", () => {
    const title = (value: string, ms: number): Partial<RoomRecord> => ({ title: { value, hlc: hlc(ms) } });
    const { rooms } = joinLists(
      [
        aPage("a", [aRoom("x", title("old", 2), { sessions: 1, changedMs: 5, bytes: 10 })]),
        aPage("b", [aRoom("x", title("new", 3), { sessions: 2, bytes: 12, isHeld: false })]),
        aPage("c", [aRoom("x", {}, { changedMs: 4 })]),
      ],
      10,
    );
    expect(rooms).toMatchObject([{ record: { title: { value: "new" } }, sessions: 3, changedMs: 5, bytes: 12, heldBy: ["a", "c"] }]);
  });

  test("from page to page every document comes once, whatever each relay has", () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${String(index).padStart(2, "0")}`);
    const has = [names.filter((_, index) => index % 3 > 0), names.filter((_, index) => index % 5 > 1), names.slice(30)];
    const pageOf = (relay: number, after: string): ListedPage => {
      const rest = has[relay]!.filter((name) => name > after);
      const rooms = rest.slice(0, 7).map((name) => aRoom(name));
      return aPage(`r${relay}`, rooms, rest.length > 7 ? rooms.at(-1)!.record.room : undefined);
    };
    const seen: string[] = [];
    for (let after: string | undefined = ""; after !== undefined;) {
      const [found, next]: readonly [readonly string[], string | undefined] = namesOf(
        has.map((_, relay) => pageOf(relay, after!)),
        5,
      );
      seen.push(...found);
      after = next;
    }
    expect(seen).toEqual([...new Set(has.flat())].toSorted());
  });
});
