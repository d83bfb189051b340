/**
 * Randomness as an argument: the driver hands in the system's, the simulator and the tests a seeded stream.
 */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** A whole number in [0, below). */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(random.fraction() * below);
}

/** The same values in a random order: the shuffle of Fisher and Yates. */
export function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInteger(random, last + 1);
    const kept = result[last]!;
    result[last] = result[other]!;
    result[other] = kept;
  }
  return result;
}

/**
 * A seeded stream for tests and simulation: splitmix32 (Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014, in its 32-bit form). Not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    fraction: () => next() / 0x1_0000_0000,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
