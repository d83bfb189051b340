/**
 * Ceilings and intervals of the mesh by name, with unit and reason: `"mesh"` in the `--config` file. They are as good for three relays
 * as for a hundred; what must be alike on all relays says so.
 */
import type { MembershipLimits } from "./core/membership/membership-limits.ts";
import type { LinkQueueLimits } from "./core/peers/link-queue.ts";
import type { LinkSilenceLimits } from "./core/peers/link-silence.ts";
import type { MeshLimits } from "./core/peers/mesh-options.ts";
import type { PeerLimits } from "./core/peers/peer-links.ts";
import { firstValues, type Bounds } from "./bounds.ts";

const kib = 1024;
const mib = 1024 * kib;

const membershipBounds = {
  /** Milliseconds. One member is probed per interval; a message per second and relay costs nothing, and a death is noticed within two rounds. */
  probeIntervalMs: [1_000, 20, 60_000],
  /** Milliseconds. Longer than any healthy round trip; after it others are asked. */
  probeTimeoutMs: [500, 10, 60_000],
  /** Milliseconds. Below `probeTimeoutMs`, so that a "silent to me too" arrives in time. */
  nackAfterMs: [400, 5, 60_000],
  /** Relays that are asked to probe, too. Three see around any one bad link. */
  indirectProbes: [3, 0, 64],
  /** Probes done for others at a time; a relay that is asked for more is asked by a mesh in trouble. */
  favoursMax: [64, 1, 10_000],
  /** Times the probe interval. 4 s for up to ten relays: a pause of garbage collection is shorter. */
  suspicionMultiplier: [4, 2, 100],
  /** Times the shortest suspicion, while nobody confirms. */
  suspicionMaxFactor: [6, 1, 100],
  /** Timeouts grow at most to so many times and one. */
  localHealthMax: [7, 0, 100],
  /** Milliseconds by which the event loop is late, per point of bad health. */
  lateMsPerPoint: [100, 1, 60_000],
  /** Milliseconds. A timer that late says that this process stood still. */
  stallMs: [500, 10, 60_000],
  /** Milliseconds between two tellings of what is new, and relays that are told. A hundred relays know within two seconds. */
  gossipIntervalMs: [200, 10, 60_000],
  gossipFanOut: [3, 1, 64],
  /** Bytes of news in one frame: with it a probe still fits one packet. */
  rumorBytesMax: [1_200, 700, 64 * kib],
  /** Times ⌈log₁₀(members + 1)⌉: so often a piece of news is told. */
  transmitMultiplier: [4, 1, 100],
  /** Milliseconds between two comparisons of everything with somebody. */
  pushPullIntervalMs: [30_000, 100, 3_600_000],
  /** Milliseconds. Longer than any news of them is on its way. */
  rememberDeadMs: [600_000, 1_000, 86_400_000],
  /** Lives. Twice the relays that a full mesh of links carries. */
  membersMax: [512, 2, 10_000],
  /** Milliseconds. A restart is over by then; a copied data folder is not. */
  contestedMs: [15_000, 100, 3_600_000],
  /** Milliseconds until an address is dialled again, at first and at most. Half of each wait is chance. */
  dialAfterMs: [500, 10, 600_000],
  dialAfterMsMax: [30_000, 10, 3_600_000],
  /** Milliseconds after which a dial counts as failed, whatever the system says. */
  dialTimeoutMs: [10_000, 50, 600_000],
  /** Addresses that are dialled. */
  addressesMax: [512, 1, 10_000],
  /** Milliseconds before one peer is told the ring again. */
  ringExchangeMs: [500, 10, 60_000],
} as const satisfies Record<keyof MembershipLimits, Bounds>;

const linkBounds = {
  /** Milliseconds from an open socket to a proven link. */
  handshakeMs: [5_000, 50, 600_000],
  /** Links that others opened and did not prove. A whole mesh that restarts comes at once. */
  unprovenMax: [256, 1, 10_000],
} as const satisfies Record<keyof PeerLimits, Bounds>;

const queueBounds = {
  /** Bytes given to a socket ahead of what it has sent: a probe waits behind no more. Some milliseconds of a good network. */
  windowBytes: [256 * kib, 16 * kib, 64 * mib],
  /** Bytes and messages of one frame: small enough to get in between, and to be decoded in one go. */
  frameFillBytes: [64 * kib, kib, mib],
  frameMessagesMax: [1_024, 1, 8_192],
  /** Bytes that one room may say before the next one that waits: an edit of anybody is far below it. */
  roomShareBytes: [16 * kib, kib, mib],
} as const satisfies Record<keyof LinkQueueLimits, Bounds>;

const silenceBounds = {
  /** Milliseconds between two signs of life over a link that carries nothing else. Cursors of a silent relay go after three of them. */
  linkSignMs: [1_000, 10, 60_000],
  /** Milliseconds of silence after which a link is given up. Longer than a relay stands still that is merely busy; what it costs when it was is one comparison. */
  linkSilentMs: [10_000, 50, 600_000],
} as const satisfies Record<keyof LinkSilenceLimits, Bounds>;

const ownBounds = {
  /** Bytes for one peer that wait to be read. A minute of a busy relay; after it, comparing what both have is cheaper. */
  linkWaitingBytesMax: [64 * mib, mib, 4_096 * mib],
  /** Milliseconds for which the first of a list looks for a mesh before it founds one. */
  foundAfterMs: [3_000, 0, 600_000],
  /** Milliseconds between two tellings of how many sessions there are: a client that chooses by it does not need it newer. */
  loadEveryMs: [2_000, 10, 600_000],
} as const satisfies Record<string, Bounds>;

export const meshBounds = { ...membershipBounds, ...linkBounds, ...queueBounds, ...silenceBounds, ...ownBounds };

/** All limits out of named values, as `meshBounds` names them. */
export function meshLimitsOf(values: Readonly<Record<string, number>>): MeshLimits {
  const pick = <Names extends string>(names: Readonly<Record<Names, Bounds>>): Record<Names, number> =>
    Object.fromEntries(Object.keys(names).map((name) => [name, values[name]])) as Record<Names, number>;
  return {
    membership: pick(membershipBounds),
    links: pick(linkBounds),
    queue: pick(queueBounds),
    silence: pick(silenceBounds),
    ...pick(ownBounds),
  };
}

/** The first values of the mesh's limits, with some replaced. */
export function meshLimitsWith(changes: Partial<Record<keyof typeof meshBounds, number>> = {}): MeshLimits {
  return meshLimitsOf({ ...firstValues(meshBounds), ...changes });
}
