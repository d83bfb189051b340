/**
 * MembershipLimits: every interval and ceiling of membership, by name. Values, units and reasons are settings in
 * `server/config.ts`.
 */
export interface MembershipLimits {
  /** One member is probed per interval. Shorter notices a death sooner and costs a message more per second. */
  readonly probeIntervalMs: number;
  /** How long a direct probe may take before others are asked to probe too. */
  readonly probeTimeoutMs: number;
  /** How long somebody who was asked waits for the silent one before it says so; below `probeTimeoutMs`, so that it arrives in time. */
  readonly nackAfterMs: number;
  /** How many others are asked. */
  readonly indirectProbes: number;
  /** Probes done for others at a time; past it the asked relay answers `nack` at once. */
  readonly favoursMax: number;
  /** The shortest suspicion is this many probe intervals, times log₁₀ of the members; two less are the confirmations that shorten it so far. */
  readonly suspicionMultiplier: number;
  /** The longest suspicion is so many times the shortest. */
  readonly suspicionMaxFactor: number;
  /** The worst health that this relay may believe of itself; timeouts grow by one time each. */
  readonly localHealthMax: number;
  /** Each so many ms by which the event loop is late are one point of bad health. */
  readonly lateMsPerPoint: number;
  /** A deadline that was handled so much too late says that this relay itself stood still. */
  readonly stallMs: number;
  /** Rumors go to `gossipFanOut` members per interval. */
  readonly gossipIntervalMs: number;
  readonly gossipFanOut: number;
  /** Bytes of rumors in one frame. */
  readonly rumorBytesMax: number;
  /** A rumor is sent this many times, times ⌈log₁₀(members + 1)⌉. */
  readonly transmitMultiplier: number;
  /** How often everything is compared with one random member. */
  readonly pushPullIntervalMs: number;
  /** How long dead and departed lives are remembered, so that old news of them is recognised. */
  readonly rememberDeadMs: number;
  /** Lives in the table; past it the longest dead is forgotten, and where all live the new one is turned away. */
  readonly membersMax: number;
  /** Two lives of one relay that are both alive for so long are told to the operator. A restart takes less. */
  readonly contestedMs: number;
  /** The first and the longest wait between two attempts to reach an address. */
  readonly dialAfterMs: number;
  readonly dialAfterMsMax: number;
  /** An attempt that nobody told the end of counts as failed. */
  readonly dialTimeoutMs: number;
  /** Addresses that are dialled; past it new ones are not. */
  readonly addressesMax: number;
  /** How long one peer is not told the ring again. */
  readonly ringExchangeMs: number;
}
