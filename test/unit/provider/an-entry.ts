import type { OutboxEntry } from "../../../client/provider/core/outbox-entry.ts";

/** An entry of tab "t" whose one byte is its number. */
export function anEntry(number: number, fields: Partial<OutboxEntry> = {}): OutboxEntry {
  return { tab: "t", number, createdMs: 1_000 + number, bytes: Uint8Array.of(number), ...fields };
}
