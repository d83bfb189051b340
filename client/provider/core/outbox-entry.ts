/**
 * An outbox entry: one local edit that is not saved yet, as the device keeps it.
 *
 * Invariant: (tab, number) never names two edits. A tab draws its id afresh each time it starts and counts its edits.
 */
export interface OutboxKey {
  readonly tab: string;
  readonly number: number;
}

export interface OutboxEntry extends OutboxKey {
  /** Wall time of this device. */
  readonly createdMs: number;
  readonly bytes: Uint8Array;
}

/** One string per entry, for use as a map key. */
export function outboxKey(key: OutboxKey): string {
  return `${key.number}\n${key.tab}`;
}
