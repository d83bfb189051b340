import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { createHmac } from "node:crypto";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { openToken, sealToken, tokenCharactersMax, type SessionToken } from "@inkmesh/shared/wire/session-token";
import { describe, expect, test } from "vitest";

const secret = seededRandom(1).bytes(32);
const token: SessionToken = {
  lineage: { room: "notes/été" as RoomName, generation: 3 },
  clock: VectorClock.of([
    ["a.0011223344556677" as ActorId, 12],
    ["b.8899aabbccddeeff" as ActorId, 4_000],
  ]),
};
const text = sealToken(token, secret);

describe("[P6] a session token", () => {
  test("says what was sealed", () => {
    expect(openToken(text, secret)).toEqual({ ok: true, value: token });
  });

  test("is opaque text that a header, a URL and a JSON string carry", () => {
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  test("stays below 1 kB with 30 relay lives", () => {
    const clock = VectorClock.of(Array.from({ length: 30 }, (_, life) => [`a.${life.toString(16).padStart(16, "0")}` as ActorId, 100_000]));
    expect(sealToken({ ...token, clock }, secret).length).toBeLessThan(1_024);
  });

  test("is marked with HMAC-SHA-256 as the platform computes it, for keys of every length", () => {
    for (const length of [1, 16, 32, 64, 65, 200]) {
      const key = seededRandom(length).bytes(length);
      const bytes = Buffer.from(sealToken(token, key), "base64url");
      const expected = createHmac("sha256", key).update("inkmesh session token\n").update(bytes.subarray(0, -32)).digest();
      expect(bytes.subarray(-32).equals(expected)).toBe(true);
    }
  });
});

describe("[P9] a token that this mesh did not make is refused", () => {
  test("with any one character changed", () => {
    for (let index = 0; index < text.length; index++) {
      for (const character of ["A", "b", "-", "_", "9"]) {
        if (text[index] === character) continue;
        expect(openToken(text.slice(0, index) + character + text.slice(index + 1), secret).ok, `character ${index}`).toBe(false);
      }
    }
  });

  test("with any one bit changed", () => {
    const bytes = Buffer.from(text, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openToken(changed.toString("base64url"), secret).ok, `bit ${bit}`).toBe(false);
    }
  });

  test("with bits in its last character that mean nothing", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const room of ["a", "aa", "aaa"]) {
      const sealed = sealToken({ ...token, lineage: { room: room as RoomName, generation: 0 } }, secret);
      const accepted = [...alphabet].filter((last) => openToken(sealed.slice(0, -1) + last, secret).ok);
      expect(accepted).toEqual([sealed.at(-1)]);
    }
  });

  test("torn, lengthened, padded or with white space", () => {
    for (let length = 0; length < text.length; length++) expect(openToken(text.slice(0, length), secret).ok).toBe(false);
    for (const more of ["A", "AAAA", "=", "==", " ", "\n"]) expect(openToken(text + more, secret).ok).toBe(false);
    expect(openToken(` ${text}`, secret).ok).toBe(false);
  });

  test("made with another secret", () => {
    expect(openToken(text, seededRandom(2).bytes(32))).toMatchObject({ ok: false, refusal: { code: "BAD_REQUEST" } });
  });

  test("when it is no token at all", () => {
    for (const nonsense of ["", "A", "é", "null", "../..", "A".repeat(tokenCharactersMax + 1)])
      expect(openToken(nonsense, secret).ok).toBe(false);
  });
});
