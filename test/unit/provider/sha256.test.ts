import { createHash } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { sha256 } from "../../../client/provider/environment.ts";

afterEach(() => void vi.unstubAllGlobals());

test.each([
  ["that the platform has", false],
  ["of our own, where there is no secure context", true],
])("the hash %s is SHA-256", async (_, isInsecure) => {
  if (isInsecure) vi.stubGlobal("crypto", {});
  for (const length of [0, 3, 64, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_each, index) => (index * 7) % 251);
    expect(await sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
});
