import { decodeRoomPath, readRoomName } from "@inkmesh/shared/wire/room-name";
import { describe, expect, test } from "vitest";

describe("a room's name in a path is percent-decoded once", () => {
  test.each([
    ["a/b%20c", "a/b c"],
    ["a/b", "a/b"],
    ["%C3%A9t%C3%A9", "été"],
    ["%F0%9F%93%9D", "📝"],
    ["a+b", "a+b"],
    ["%2525", "%25"],
    ["..%2F..%2Fetc", "../../etc"],
    ["__proto__", "__proto__"],
    ["automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXu", "automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXu"],
    ["%61".repeat(256), "a".repeat(256)],
  ])("%j names %j", (path, name) => {
    expect(decodeRoomPath(path)).toEqual({ ok: true, value: name });
  });
});

describe("[P9] a hostile name is refused with a sentence", () => {
  test.each([
    ["empty", ""],
    ["a wrong percent sign", "100%"],
    ["a wrong hex digit", "%zz"],
    ["half a UTF-8 sequence", "%C3"],
    ["overlong UTF-8", "%C0%AF"],
    ["an encoded surrogate", "%ED%A0%80"],
    ["NUL", "a%00b"],
    ["a line break", "a%0Ab"],
    ["DEL", "%7F"],
    ["a C1 control", "%C2%85"],
    ["bytes that are not ASCII", "\u00e9"],
    ["a raw line break", "a\nb"],
    ["an Automerge address with another checksum", "automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXv"],
    ["an Automerge address of nothing", "automerge:"],
    ["257 bytes", "a".repeat(257)],
    ["257 bytes in 129 characters", `${"%C3%A9".repeat(128)}a`],
    ["a megabyte", "a".repeat(1_000_000)],
  ])("%s", (_, path) => {
    const result = decodeRoomPath(path);
    expect(result).toMatchObject({ ok: false, refusal: { code: "BAD_ROOM_NAME" } });
    expect(!result.ok && result.refusal.detail.length > 0).toBe(true);
  });

  test("half of a character", () => {
    expect(readRoomName("a\ud800").ok).toBe(false);
    expect(readRoomName("\udc00a").ok).toBe(false);
    expect(readRoomName("\ud83d\udcdd").ok).toBe(true);
  });

  test("256 bytes are enough and not too many", () => {
    expect(readRoomName("é".repeat(128)).ok).toBe(true);
    expect(readRoomName("é".repeat(129)).ok).toBe(false);
  });
});
