import type { ActorId } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import { LinkSilence } from "../../../../server/core/peers/link-silence.ts";

const [b, c] = ["b.0000000000000001" as ActorId, "c.0000000000000001" as ActorId];

function aSilence(heard: Map<ActorId, number>): LinkSilence {
  const links = {
    get linked() {
      return [...heard.keys()];
    },
    heardMs: (actor: ActorId) => heard.get(actor) ?? 0,
  };
  return new LinkSilence({ linkSignMs: 1_000, linkSilentMs: 10_000 }, links, 0);
}

test("without links nothing is due", () => {
  const silence = aSilence(new Map());
  expect(silence.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  expect(silence.look(5_000)).toEqual({ signs: [], silent: [] });
});

test("each link gets a sign of life once per interval", () => {
  const silence = aSilence(
    new Map([
      [b, 0],
      [c, 0],
    ]),
  );
  expect(silence.look(0).signs).toEqual([b, c]);
  expect(silence.nextDeadline()).toBe(1_000);
  expect(silence.look(999).signs).toEqual([]);
  expect(silence.look(1_000).signs).toEqual([b, c]);
});

test("one that is silent is given up, one that is heard is not", () => {
  const heard = new Map([
    [b, 0],
    [c, 0],
  ]);
  const silence = aSilence(heard);
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1_000) {
    heard.set(c, nowMs);
    expect(silence.look(nowMs).silent).toEqual([]);
  }
  expect(silence.look(10_000)).toEqual({ signs: [c], silent: [b] });
});

test("time for which this relay itself stood still counts against nobody", () => {
  const heard = new Map([[b, 0]]);
  const silence = aSilence(heard);
  silence.look(0);
  expect(silence.look(60_000).silent).toEqual([]);
  for (let nowMs = 61_000; nowMs < 70_000; nowMs += 1_000) expect(silence.look(nowMs).silent).toEqual([]);
  expect(silence.look(70_000).silent).toEqual([b]);
});
