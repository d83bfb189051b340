/**
 * ReplicationLimits: every interval and ceiling of what relays do to hold a room's copies alike, by name.
 */
export interface ReplicationLimits {
  /** How long an entry waits for those before it. Longer closes more gaps in order; meanwhile its readers do not see it. */
  readonly causalWaitMs: number;
  /** Entries of one room that wait for others, and their bytes; past either the room is compared as a whole instead. */
  readonly waitingEntriesMax: number;
  readonly waitingBytesMax: number;
  /** How long one relay may take to answer for a missing entry until the next one is asked. */
  readonly askAgainMs: number;
  /** How long the comparison of a whole room may take until it is asked for again. */
  readonly exchangeAgainMs: number;
  /** Dots of one room whose copies are counted one by one; those further back count together. */
  readonly countedDotsMax: number;
  /** How often rooms that changed are compared. */
  readonly compareChangedMs: number;
  /** Rooms in one such comparison; the others come with the next. */
  readonly changedRoomsMax: number;
  /** The longest between two comparisons of everything. */
  readonly sweepMs: number;
  /** Parts of the circle that one message of a sweep goes into; the others come with the next sweep, which follows at once. */
  readonly sweepPartsMax: number;
  /** A part of the circle with so few rooms is told room by room. */
  readonly listedRoomsMax: number;
  /** Bytes of one room's difference that are under way from one relay; a longer one is given up. */
  readonly differenceBytesMax: number;
  /** Copies that are placed elsewhere and proven, or dropped, at once; 0: none is. */
  readonly dropsAtOnceMax: number;
  /** How long it is kept who wrote what, in ms; 0: no histories are kept. */
  readonly keptHistoryMs: number;
}
