/**
 * ClientLimits: every ceiling and every wait of the client core, by name, with its unit and what it trades.
 */
export interface ClientLimits {
  /** How long a socket may take from "connect" to `welcome`. Shorter gives up on slow lines, longer waits on dead ones. */
  readonly connectMs: number;
  /** The same while another relay is left to be tried: a machine that is off says nothing, and somebody waits. */
  readonly failOverConnectMs: number;
  /** The next relay is tried within this, by chance: longer spreads the clients of a dead relay more. */
  readonly failOverMs: number;
  /** Addresses of relays that are known beside those that the application gave. */
  readonly relaysMax: number;
  /** How often a living line is asked for a `pong`, which also measures the round trip. */
  readonly pingEveryMs: number;
  /** A line that said nothing for this long is dead. */
  readonly silenceMs: number;
  /** While there is another relay to go to (`Liveness`): silence after which it is pinged, and how long an answer may take, about. */
  readonly quietMs: number;
  readonly answerMs: number;
  /** What the slowest line takes that is waited for there. */
  readonly slowBytesPerSecond: number;
  /** A relay that failed within this is none to go to only because the present one is silent. */
  readonly failedRestMs: number;
  /** How long a line may take to answer after the network is said to have changed. */
  readonly probeMs: number;
  /** Backoff: the n-th failure of all known relays in a row waits up to min(max, base · 2ⁿ). */
  readonly reconnectBaseMs: number;
  readonly reconnectMaxMs: number;
  /** After a refusal that is final (another version, no access): a person may change it, so it is asked again, rarely. */
  readonly refusedRetryMs: number;
  /** Updates and bytes of one room under way without an ack. More fills the line, less bounds what a nack repeats. */
  readonly unackedMax: number;
  readonly unackedBytesMax: number;
  /** One `updates` message holds no more than this, unless it is one update. */
  readonly messageBytesMax: number;
  /** One frame holds no more than this, unless it is one message. */
  readonly frameBytesMax: number;
  /** A state that arrives in chunks may have this many bytes. */
  readonly chunkedBytesMax: number;
  /** Gaps that a difference did not close: how long until the next try, doubled each time up to the second. */
  readonly gapRetryMs: number;
  readonly gapRetryMaxMs: number;
  /**
   * What an edit hangs on is neither here nor at this relay, but another may have it: how long until the next try, and how
   * many tries. Each costs one of the relay's `gapsPerWindowMax`.
   */
  readonly parkedRetryMs: number;
  readonly parkedRetriesMax: number;
}

export const defaultClientLimits: ClientLimits = {
  connectMs: 10_000,
  failOverConnectMs: 4_000,
  failOverMs: 200,
  relaysMax: 32,
  pingEveryMs: 15_000,
  silenceMs: 30_000,
  quietMs: 3_000,
  answerMs: 2_000,
  slowBytesPerSecond: 16 * 1024,
  failedRestMs: 60_000,
  probeMs: 5_000,
  reconnectBaseMs: 200,
  reconnectMaxMs: 10_000,
  refusedRetryMs: 60_000,
  unackedMax: 256,
  unackedBytesMax: 4 * 1024 * 1024,
  messageBytesMax: 256 * 1024,
  frameBytesMax: 1024 * 1024,
  chunkedBytesMax: 512 * 1024 * 1024,
  gapRetryMs: 1_000,
  gapRetryMaxMs: 30_000,
  parkedRetryMs: 10_000,
  parkedRetriesMax: 6,
};
