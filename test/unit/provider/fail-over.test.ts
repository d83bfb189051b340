import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { expect, test } from "vitest";
import { defaultClientLimits } from "../../../client/provider/core/client-limits.ts";
import { ALine, aRoom } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

const [a, b, c] = ["ws://a.test/sync", "ws://b.test/sync", "ws://c.test/sync"] as const;

/** One open and synced room at the first relay, which tells of the others. */
function aLineAtA(others: readonly string[] = [b, c]): ALine {
  const line = new ALine();
  line.open();
  line.connect(others);
  line.hearOpened();
  line.hearSynced();
  line.take();
  line.effects = [];
  return line;
}

const lose = (line: ALine, code = 1006): void => line.tell({ type: "socket-closed", socket: line.socket, code });

test("[P6] [P7] when its relay dies it goes to another one at once, with its token, and sends what was not saved", () => {
  const line = aLineAtA([b]);
  const clock = VectorClock.of([["a.1" as ActorId, 3]]);
  line.hear({ type: "clock", handle: 7, clock, token: "seen at a" });
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  line.take();
  lose(line);
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(2)] });
  line.wait(defaultClientLimits.failOverMs);
  expect(line.address).toBe(b);
  line.connect([a]);
  expect(line.said).toContainEqual(expect.objectContaining({ type: "open", room: aRoom, token: "seen at a" }));
  line.hearOpened();
  line.hearSynced(clock);
  expect(line.take()).toContainEqual(expect.objectContaining({ type: "updates", updates: [Uint8Array.of(1), Uint8Array.of(2)] }));
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 2 });
  line.hearAck(2);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, session: "live" });
});

test.each([
  ["a relay that is stopped", 1012],
  ["a relay that refuses", 1013],
  ["a relay that refuses this client for good", 4403],
])("%s sends the client to the next one at once", (_, code) => {
  const line = aLineAtA();
  lose(line, code);
  line.wait(defaultClientLimits.failOverMs);
  expect([b, c]).toContain(line.address);
});

test("a relay says how long it wants to be left alone: the others are tried at once, and itself not before", () => {
  const line = aLineAtA([b]);
  line.hear({ type: "error", channel: undefined, code: "RELAY_BUSY", retryAfterMs: 20_000, detail: "" });
  lose(line, 1013);
  const tried: string[] = [];
  for (let second = 0; second < 15; second++) {
    line.wait(1_000);
    for (const { address } of line.takeEffects("connect")) {
      tried.push(address);
      lose(line);
    }
  }
  expect(new Set(tried)).toEqual(new Set([b]));
  line.wait(20_000);
  expect(line.takeEffects("connect").map(({ address }) => address)).toContain(a);
});

test("a machine that says nothing holds the client up for seconds only, while there is another one", () => {
  const line = aLineAtA();
  lose(line);
  line.wait(defaultClientLimits.failOverMs);
  const silent = line.address;
  line.wait(defaultClientLimits.failOverConnectMs + defaultClientLimits.failOverMs);
  expect([b, c]).toContain(line.address);
  expect(line.address).not.toBe(silent);
});

test("it is not called offline before every relay was tried", () => {
  const line = aLineAtA();
  const seen = new Set<string>();
  for (let attempt = 0; attempt < 2; attempt++) {
    lose(line);
    seen.add(line.core.status.connection);
    line.wait(defaultClientLimits.failOverMs);
    seen.add(line.core.status.connection);
  }
  expect([...seen]).toEqual(["connecting"]);
  lose(line);
  expect(line.core.status.connection).toBe("offline");
});

test("a welcome that is said again brings the newer list, and begins nothing anew", () => {
  const line = aLineAtA([]);
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  line.take();
  line.hearWelcome([b]);
  expect(line.take()).toEqual([]);
  expect(line.core.status).toMatchObject({ connection: "online", relay: "a" });
  lose(line);
  line.wait(defaultClientLimits.failOverMs);
  expect(line.address).toBe(b);
});

/** A client that is started while the relay that it was given is away, and remembers `addresses`. */
function startedAnew(addresses: readonly string[]): ALine {
  const line = new ALine({}, [a]);
  line.wait(0);
  expect(line.address).toBe(a);
  expect(line.takeEffects("recall-relays")).toEqual([]);
  lose(line);
  expect(line.takeEffects("recall-relays")).toHaveLength(1);
  line.tell({ type: "relays-remembered", addresses });
  line.wait(2 * defaultClientLimits.reconnectBaseMs);
  return line;
}

test("[P7] who is started while the given relay is away goes to one that was told of in an earlier life", () => {
  const line = startedAnew([b]);
  expect(line.address).toBe(b);
  line.connect([a, c]);
  expect(line.core.status).toMatchObject({ connection: "online", url: b });
  expect(line.takeEffects("keep-relays")).toEqual([{ type: "keep-relays", addresses: [b, c] }]);
});

test("[P8] what is remembered is bounded, and gives way to what a relay tells", () => {
  const many = Array.from({ length: 99 }, (_, index) => `ws://r${index}.test/sync`);
  const line = startedAnew(many);
  const tried = new Set<string>();
  for (let second = 0; second < 90; second++) {
    lose(line);
    line.wait(1_000);
    tried.add(line.address);
  }
  expect(tried.size).toBe(1 + defaultClientLimits.relaysMax);
  line.connect([b]);
  line.tell({ type: "relays-remembered", addresses: many });
  const others = line.takeEffects("keep-relays").at(-1)!.addresses;
  expect(others.filter((address) => address !== line.address)).toEqual([b]);
  line.effects = [];
  lose(line);
  expect(line.takeEffects("recall-relays")).toEqual([]);
});

test("who works offline and comes back is at the relay where it was", () => {
  const line = aLineAtA();
  line.tell({ type: "work-offline", offline: true });
  line.wait(60_000);
  line.tell({ type: "work-offline", offline: false });
  expect(line.address).toBe(a);
});

test("with one relay nothing is tried at once, however it ends", () => {
  const line = aLineAtA([]);
  line.hear({ type: "error", channel: undefined, code: "RELAY_BUSY", retryAfterMs: 20_000, detail: "" });
  lose(line, 1013);
  line.wait(19_999);
  expect(line.takeEffects("connect")).toEqual([]);
});
