/**
 * An edit that hangs on something which neither this relay nor this device has: another relay may have it, or another tab, which stands still or
 * was refused by the device's disk, and bring it here later.
 */
import { expect, test } from "vitest";
import type { OutboxEntry } from "../../../client/provider/core/outbox-entry.ts";
import { ALine, aRoom } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

/** A line to one of so many relays, which has not got what the first `gaps` edits that it is sent hang on. */
function aLineWithGaps(entries: readonly OutboxEntry[], gaps: number, replicas = 3): ALine {
  const line = new ALine();
  line.open(entries);
  line.connect();
  line.hearOpened({ replicas, needed: 1 + Math.floor(replicas / 2) });
  line.hearSynced();
  line.cannotShow = true;
  for (let met = 0; met < gaps; met++) hearGap(line);
  return line;
}

const hearGap = (line: ALine): void =>
  line.hear({ type: "nack", handle: 7, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of(0) });

test.each([1, 3])(
  "[P2] [P7] what hangs on something that may still come keeps nothing back and is tried again, on %i relays",
  (replicas) => {
    const line = aLineWithGaps([anEntry(1), anEntry(2), anEntry(3)], 2, replicas);
    const saved = { copies: replicas - 1 || 1, replicas, needed: 1 + Math.floor(replicas / 2) };
    expect(line.takeEffects("set-aside")).toEqual([]);
    expect(line.take().at(-1)).toMatchObject({ type: "updates", first: 1, kind: "edit", updates: [Uint8Array.of(3)] });
    line.hearAck(1, saved);
    expect(line.core.room(aRoom)).toMatchObject({ waiting: 2 });
    line.wait(10_000);
    expect(line.take()).toMatchObject([{ type: "updates", first: 2, kind: "edit", updates: [Uint8Array.of(1)] }]);
    line.hearAck(2, saved);
    expect(line.take()).toMatchObject([{ type: "updates", first: 3, kind: "edit", updates: [Uint8Array.of(2)] }]);
    line.hearAck(3, saved);
    expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, copies: saved.copies });
    expect(line.takeEffects("set-aside")).toEqual([]);
  },
);

test("[P2] [P7] what no relay got in a minute is set aside, after one gap in ten seconds for all that hangs so", () => {
  const line = aLineWithGaps([anEntry(1), anEntry(2), anEntry(3)], 3);
  line.take();
  for (let tries = 1; tries < 6; tries++) {
    line.wait(10_000);
    expect(line.take()).toMatchObject([{ type: "updates", first: 1, updates: { length: 1 } }]);
    hearGap(line);
    expect(line.takeEffects("set-aside")).toEqual([]);
  }
  line.wait(10_000);
  for (let gaps = 0; gaps < 3; gaps++) hearGap(line);
  expect(
    line
      .takeEffects("set-aside")
      .map(({ entry }) => entry.number)
      .toSorted(),
  ).toEqual([1, 2, 3]);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0 });
});

test("[P2] [P7] what is tried again stays in the outbox when the line is lost, and does not go ahead of the rest on the next one", () => {
  const line = aLineWithGaps([anEntry(1), anEntry(2)], 1);
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  expect(line.core.waiting(aRoom)).toHaveLength(2);
  line.wait(1_000);
  line.connect();
  line.hearOpened({ replicas: 3, needed: 2 });
  expect(line.take().at(-1)).toMatchObject({ type: "updates", first: 1, updates: [Uint8Array.of(2)] });
  line.tell({ type: "settled-elsewhere", room: aRoom, keys: [anEntry(1)] });
  expect(line.core.waiting(aRoom)).toEqual([anEntry(2)]);
});

test("[P2] [P7] a relay that has not joined the others yet, and names no replica, is not the only one", () => {
  const line = new ALine();
  line.open([anEntry(1)]);
  line.connect();
  line.hearOpened({ replicas: 0, needed: 1 });
  line.hearSynced();
  line.cannotShow = true;
  hearGap(line);
  expect(line.takeEffects("set-aside")).toEqual([]);
  expect(line.core.waiting(aRoom)).toEqual([anEntry(1)]);
});
