import { errorCodeOfWire, errorKind, errorKinds, type ErrorCode } from "@inkmesh/shared/base/errors";
import { describe, expect, test } from "vitest";

const codes = Object.keys(errorKinds) as ErrorCode[];

describe("the registry of refusals", () => {
  test("gives every code a wire number of its own, and reads it back", () => {
    expect(new Set(codes.map((code) => errorKind(code).wire)).size).toBe(codes.length);
    for (const code of codes) expect(errorCodeOfWire(errorKind(code).wire)).toBe(code);
  });

  test("a number of a newer relay reads as INTERNAL", () => {
    expect(errorCodeOfWire(9_999)).toBe("INTERNAL");
  });

  test("[P11] 44xx, at which y-websocket stops for good, only where trying again is pointless", () => {
    const final = codes.filter((code) => {
      const { closeCode } = errorKind(code);
      return closeCode !== undefined && closeCode >= 4400 && closeCode < 4500;
    });
    expect(final.length).toBeGreaterThan(0);
    expect(final.filter((code) => errorKind(code).retryable)).toEqual([]);
  });

  test("close codes are those that a WebSocket server may send", () => {
    const allowed = (code: number): boolean =>
      (code >= 4000 && code < 5000) || [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013].includes(code);
    const wrong = codes.filter((code) => !allowed(errorKind(code).closeCode ?? 1000));
    expect(wrong).toEqual([]);
  });

  test("every code has a sentence for a person and an HTTP status of an error", () => {
    for (const code of codes) {
      const { sentence, httpStatus, retryAfterMs, retryable } = errorKind(code);
      expect(sentence, code).toMatch(/^[A-Z].*\.$/);
      expect(httpStatus, code).toBeGreaterThanOrEqual(400);
      expect(httpStatus, code).toBeLessThan(600);
      expect(retryAfterMs === undefined || retryable, code).toBe(true);
    }
  });
});
