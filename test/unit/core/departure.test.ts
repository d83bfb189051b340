import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import { Departure } from "../../../server/core/departure.ts";

const clients = (count: number): readonly ConnectionId[] => Array.from({ length: count }, (_, index) => index as ConnectionId);

test("everybody goes once, a group at a time, and is not heard for one step before", () => {
  const departure = new Departure();
  departure.begin(clients(200));
  const gone: ConnectionId[] = [];
  for (let step = 0; step < 11; step++) {
    const muted = clients(200).filter((client) => departure.isMuted(client));
    const going = departure.step();
    expect(going).toEqual(muted);
    gone.push(...going);
  }
  expect([gone, departure.isOver]).toEqual([clients(200), true]);
});

test("who was to go already when it begins anew, since the relay ends, is not heard again before it goes", () => {
  const departure = new Departure();
  departure.begin(clients(40));
  departure.step();
  departure.begin(clients(40));
  expect(departure.isMuted(0 as ConnectionId)).toBe(true);
  expect(departure.step()).toEqual(clients(16));
  expect(departure.step()).toEqual(clients(32).slice(16));
});

test("in a quiet moment nobody is heard, and nobody is let in until they have gone", () => {
  const departure = new Departure();
  departure.beginQuiet(clients(40));
  expect([departure.isQuiet, departure.isMuted(39 as ConnectionId)]).toEqual([true, true]);
  expect(departure.step()).toEqual(clients(40));
  expect([departure.isQuiet, departure.isOver]).toEqual([false, true]);
});
