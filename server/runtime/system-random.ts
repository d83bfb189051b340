/**
 * The system's randomness. `bytes` is fit for secrets and names; `fraction` is for jitter.
 */
import { randomBytes } from "node:crypto";
import type { Random } from "@inkmesh/shared/base/random";

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
