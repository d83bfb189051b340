import { actorOf, isRelayId, lineageKey, relayOf, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";

describe("names", () => {
  test.each([
    ["a", true],
    ["relay-2", true],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    ["", false],
    ["-a", false],
    ["a-", false],
    ["A", false],
    ["a.b", false],
    ["a\n", false],
    ["é", false],
  ])("%j names a relay: %s", (text, expected) => {
    expect(isRelayId(text)).toBe(expected);
  });

  test("an actor says which relay lives", () => {
    const actor = actorOf("relay-2" as RelayId, Uint8Array.of(0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff));
    expect(actor).toBe("relay-2.00010203fcfdfeff");
    expect(relayOf(actor)).toBe("relay-2");
  });

  test("lineages of different generations, or rooms that look alike, have different keys", () => {
    const keys = [
      ["1", 1],
      ["1", 11],
      ["11", 1],
    ].map(([room, generation]) => lineageKey({ room: room as RoomName, generation: generation as number }));
    expect(new Set(keys).size).toBe(3);
  });
});
