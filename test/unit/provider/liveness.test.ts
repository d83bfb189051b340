import { seededRandom } from "@inkmesh/shared/base/random";
import { expect, test } from "vitest";
import { defaultClientLimits } from "../../../client/provider/core/client-limits.ts";
import { Liveness } from "../../../client/provider/core/liveness.ts";
import { ALine, aRoom } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

const [a, b, c] = ["ws://a.test/sync", "ws://b.test/sync", "ws://c.test/sync"] as const;
const { silenceMs, failedRestMs } = defaultClientLimits;

/** One open and synced room at "a", which tells of the others and has just answered a ping. */
function aLineAtA(others: readonly string[] = [b, c]): ALine {
  const line = new ALine();
  line.open();
  line.connect(others);
  line.hearOpened();
  line.hearSynced();
  answer(line);
  return line;
}

function lastPing(line: ALine): number | undefined {
  return line.said.flatMap((said) => (said.type === "ping" ? [said.nonce] : [])).at(-1);
}

/** The relay answers the last ping, if there was one since the last time. */
function answer(line: ALine): void {
  const nonce = lastPing(line);
  if (nonce !== undefined) line.hear({ type: "pong", nonce });
  line.take();
  line.effects = [];
}

/** After how much silence the line is given up, in ms. */
function givenUpAfter(line: ALine): number {
  const startMs = line.nowMs;
  while (line.takeEffects("disconnect").length === 0 && line.nowMs < startMs + 60_000) line.wait(10);
  return line.nowMs - startMs;
}

test("[P4] a silent relay is left for another one within 8 s, what was typed goes along, and nothing of it is called saved", () => {
  const line = aLineAtA();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  const afterMs = givenUpAfter(line);
  expect(afterMs).toBeGreaterThan(6_000);
  expect(afterMs).toBeLessThan(8_100);
  line.wait(defaultClientLimits.failOverMs);
  expect([b, c]).toContain(line.address);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 1 });
  line.take();
  line.connect([a]);
  line.hearOpened();
  line.hearSynced();
  expect(line.take()).toContainEqual(expect.objectContaining({ type: "updates", updates: [Uint8Array.of(1)] }));
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 1 });
});

test("it stays where it went, when the one that was silent is back", () => {
  const line = aLineAtA();
  givenUpAfter(line);
  line.wait(defaultClientLimits.failOverMs);
  line.connect([a]);
  const { address } = line;
  line.hearOpened();
  line.hearSynced();
  for (let second = 0; second < 120; second++) {
    answer(line);
    line.wait(1_000);
  }
  expect(line.takeEffects("connect")).toEqual([]);
  expect(line.address).toBe(address);
});

test("who knows one relay only bears its silence as long as ever, and so does who has just lost all others", () => {
  expect(givenUpAfter(aLineAtA([]))).toBeCloseTo(silenceMs, -2);
  const line = aLineAtA([b]);
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(defaultClientLimits.failOverMs);
  expect(line.address).toBe(b);
  line.connect([a]);
  line.hearOpened();
  line.hearSynced();
  answer(line);
  expect(givenUpAfter(line)).toBeCloseTo(silenceMs, -2);
});

test("a relay that failed long ago is one to go to again", () => {
  const line = aLineAtA([b]);
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(defaultClientLimits.failOverMs);
  line.connect([a]);
  line.hearOpened();
  line.hearSynced();
  const longAgoMs = line.nowMs + failedRestMs;
  while (line.nowMs < longAgoMs) {
    answer(line);
    line.wait(1_000);
  }
  answer(line);
  expect(givenUpAfter(line)).toBeLessThan(8_100);
});

test("a relay that takes two to six seconds for every answer keeps its people", () => {
  const line = aLineAtA();
  const answers: { readonly atMs: number; readonly nonce: number }[] = [];
  for (let tenth = 0; tenth < 6_000; tenth++) {
    line.wait(100);
    const takesMs = 2_000 + ((tenth * 7_919) % 4_000);
    const lastMs = answers.at(-1)?.atMs ?? 0;
    for (const said of line.said)
      if (said.type === "ping") answers.push({ atMs: Math.max(lastMs, line.nowMs + takesMs), nonce: said.nonce });
    line.said = [];
    while (answers[0] !== undefined && answers[0].atMs <= line.nowMs) line.hear({ type: "pong", nonce: answers.shift()!.nonce });
  }
  expect(line.takeEffects("disconnect")).toEqual([]);
});

test("a look that comes late gives the relay the time of another ping: a machine that slept, a tab in the background", () => {
  const line = aLineAtA();
  for (let minute = 0; minute < 60; minute++) {
    line.nowMs += 60_000;
    line.tell({ type: "deadline-reached" });
    // The answer is in the machine before the next look, however late that is.
    answer(line);
  }
  expect(line.takeEffects("disconnect")).toEqual([]);
});

test("a busy page that looks before it reads what has come does not take its own silence for the relay's", () => {
  const line = aLineAtA();
  line.wait(4_000);
  const nonce = lastPing(line)!;
  line.nowMs += 10_000;
  line.tell({ type: "deadline-reached" });
  line.hear({ type: "pong", nonce });
  expect(line.takeEffects("disconnect")).toEqual([]);
  expect(givenUpAfter(line)).toBeGreaterThan(6_000);
});

test("a relay that stands still is noticed soon after a machine has slept, too", () => {
  const line = aLineAtA();
  line.nowMs += 3_600_000;
  expect(givenUpAfter(line)).toBeLessThan(6_000);
});

test("on a slow line an answer has the time that all before it needs", () => {
  const line = aLineAtA();
  line.tell({ type: "edited", room: aRoom, entries: [{ ...anEntry(1), bytes: new Uint8Array(200_000) }] });
  expect(givenUpAfter(line)).toBeGreaterThan(15_000);
});

test("what was sent and answered counts for nothing", () => {
  const line = aLineAtA();
  line.tell({ type: "edited", room: aRoom, entries: [{ ...anEntry(1), bytes: new Uint8Array(200_000) }] });
  line.wait(3_000);
  answer(line);
  expect(givenUpAfter(line)).toBeLessThan(8_100);
});

test("while a document is arriving the next word may be as long as a slow line makes it", () => {
  const line = aLineAtA();
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(defaultClientLimits.failOverMs);
  line.connect([a]);
  line.hearOpened();
  line.effects = [];
  expect(givenUpAfter(line)).toBeCloseTo(silenceMs, -2);
});

test("those who know of others leave a silent relay one by one", () => {
  const leftMs = Array.from({ length: 200 }, (_, seed) => {
    const liveness = new Liveness({ limits: defaultClientLimits, random: seededRandom(seed), nowMs: 0 });
    liveness.isHurried = true;
    for (;;) {
      const nowMs = liveness.deadline;
      if (liveness.look(nowMs) === "dead") return nowMs;
      liveness.pinged(1, Infinity, nowMs);
    }
  });
  const soonestMs = Math.min(...leftMs);
  for (let ms = soonestMs; ms < soonestMs + 1_200; ms += 100) {
    expect(leftMs.filter((at) => at >= ms && at < ms + 100).length).toBeLessThan(40);
  }
});
