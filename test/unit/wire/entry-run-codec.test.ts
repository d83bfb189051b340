import { actorOf, type ActorId, type RelayId, type RingId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { describe, expect, test } from "vitest";

const ring = "0011223344556677" as RingId;
const lineage = { room: "notes" as RoomName, generation: 0 };
const actor = actorOf("a" as RelayId, new Uint8Array(8));
const payload = new Uint8Array(11);

const frameOf = (entries: readonly Entry[]): Uint8Array =>
  encodeMeshFrame({ ring, messages: [{ type: "entries", lineage, upstream: undefined, entries }] });
const empty = frameOf([]).length;

/** `count` entries as one relay lets them in within a turn; all know what `known` names. */
function typed(count: number, known: readonly (readonly [ActorId, number])[] = []): readonly Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    dot: { actor, counter: 200 + index },
    deps: VectorClock.of([...known, [actor, 199 + index]]),
    hlc: { physicalMs: 1_700_000_000_000, logical: index, relay: "a" as RelayId },
    author: "ada",
    payload,
  }));
}

const others = (count: number): readonly (readonly [ActorId, number])[] =>
  Array.from({ length: count }, (_, index) => [actorOf(`r${index}` as RelayId, new Uint8Array(8)), 5]);

describe("entries that follow each other", () => {
  test("take nothing besides their payloads after the first", () => {
    const beyondPayloads = (count: number): number => frameOf(typed(count, others(3))).length - empty - count * (1 + payload.length);
    expect(beyondPayloads(100)).toBe(beyondPayloads(1) + 1);
  });

  test("in later turns take their stamps", () => {
    const [first, second] = typed(2);
    const later = { ...second!, hlc: { physicalMs: 1_700_000_000_063, logical: 0, relay: "a" as RelayId } };
    expect(frameOf([first!, later]).length - frameOf([first!]).length).toBe(1 + 2 + 1 + payload.length);
  });

  test("of two who take turns take what each of them is told by the other", () => {
    const b = actorOf("b" as RelayId, new Uint8Array(8));
    const [first] = typed(1);
    const answer = { ...first!, dot: { actor: b, counter: 1 }, deps: VectorClock.of([[actor, 200]]) };
    const stamped = { ...answer, hlc: { ...answer.hlc, logical: 1, relay: "b" as RelayId } };
    const nameBytes = 1 + 1 + b.length;
    expect(frameOf([first!, stamped]).length - frameOf([first!]).length).toBe(1 + nameBytes + 1 + payload.length);
  });
});

describe("[P8] what a few bytes stand for is counted before it is built", () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  const entries = (body: string): Uint8Array => bytes(`10 08 ${ring} 20 00 01 72 00 ${body}`);
  const name = Buffer.from(actor).toString("hex");

  test.each([
    { what: "more runs than bytes", why: "items in", frame: entries("ffffff7f 01 00 12") },
    { what: "more entries than bytes", why: "entries in", frame: entries(`01 81ffffff0f 00 12 ${name} 00 00`) },
    { what: "an entry of nobody", why: "of nobody", frame: entries("01 00 00 00") },
    { what: "a clock that is whole and not told", why: "whole clock", frame: entries(`01 09 00 12 ${name} 00`) },
    {
      what: "a clock that names the entry's own actor",
      why: "impossible dot",
      frame: entries(`01 05 00 12 ${name} 01 00 12 ${name} 07 00`),
    },
    { what: "entry 0", why: "impossible dot", frame: entries(`01 03 00 12 ${name} 00 00`) },
    { what: "a stamp before all time", why: "impossible stamp", frame: entries(`01 11 00 12 ${name} 02 00`) },
    { what: "a stamp past 16 bits", why: "impossible stamp", frame: entries(`01 51 00 12 ${name} 01 ffff03 00 00`) },
  ])("$what: refused", ({ why, frame }) => {
    expect(decodeMeshFrame(frame)).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME", detail: expect.stringContaining(why) } });
  });

  test("deps that all entries of a message share", () => {
    expect(decodeMeshFrame(frameOf(typed(160, others(100)))).ok).toBe(true);
    expect(decodeMeshFrame(frameOf(typed(170, others(100))))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });
});
