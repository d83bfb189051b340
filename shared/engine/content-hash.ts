/**
 * A 64-bit fingerprint of bytes: two FNV-1a lanes with different offsets, each finished with murmur3's fmix32. For
 * comparing replicas, tests and logs; anybody can make two contents collide, so nothing is decided by it alone.
 */
const prime = 0x01000193;

/** 16 hex digits. */
export function contentHash(bytes: Uint8Array): string {
  let left = 0x811c9dc5;
  let right = 0x050c5d1f;
  for (const byte of bytes) {
    left = Math.imul(left ^ byte, prime);
    right = Math.imul(right ^ byte ^ (left >>> 24), prime);
  }
  return hex(finish(left ^ bytes.length)) + hex(finish(right ^ left));
}

function finish(lane: number): number {
  let mixed = lane ^ (lane >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, "0");
}
