import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { expect, test } from "vitest";
import { ALine, aLiveLine, aRoom, aStateVector } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

const clock = (counter: number): VectorClock => VectorClock.of([["a.1" as ActorId, counter]]);

test("says hello, opens what is loaded, sends the outbox in order, and is saved after synced and the ack", () => {
  const line = new ALine();
  line.open([anEntry(1), anEntry(2)]);
  expect(line.core.room(aRoom)).toMatchObject({ session: "detached", waiting: 2 });
  line.connect();
  expect(line.take()).toMatchObject([
    { type: "hello", version: nativeVersion },
    { type: "open", channel: 1, room: "notes" },
  ]);
  line.said = [];
  line.tell();
  line.hearOpened({ channel: 1 });
  expect(line.take()).toMatchObject([{ type: "updates", channel: 1, first: 1, kind: "edit", updates: { length: 2 } }]);
  line.hearSynced(clock(2));
  expect(line.core.room(aRoom)).toMatchObject({ session: "live", synced: true, waiting: 2, copies: 0 });
  line.hearAck(2);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, copies: 1, replicas: 1, needed: 1, clock: "a.1:2" });
  expect(line.takeEffects("saved")[0]?.entries.map((entry) => entry.number)).toEqual([1, 2]);
});

test("the edits of one turn leave as several updates in one frame", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1), anEntry(2), anEntry(3)] });
  expect(line.takeEffects("send")).toHaveLength(1);
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, updates: { length: 3 } }]);
});

test("[P2] nothing leaves the outbox because a line was lost, and all of it is sent again on the next", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  expect(line.core.room(aRoom)).toMatchObject({ session: "detached", waiting: 1 });
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(2)] });
  line.wait(1_000);
  line.connect();
  line.hearOpened();
  expect(line.take().at(-1)).toMatchObject({ type: "updates", first: 1, updates: [Uint8Array.of(1), Uint8Array.of(2)] });
});

test("resumes with the generation, clock and token that it reached", () => {
  const line = aLiveLine();
  line.hear({ type: "clock", handle: 7, clock: clock(5), token: "later" });
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(1_000);
  line.connect();
  const open = line.take().find((message) => message.type === "open");
  expect(open).toMatchObject({ generation: 0, token: "later" });
  expect(open?.type === "open" && open.clock.counter("a.1" as ActorId)).toBe(5);
});

test("a gap is answered with the difference under the same number, then the rest", () => {
  const line = aLiveLine();
  line.difference = Uint8Array.of(4, 2);
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1), anEntry(2)] });
  line.take();
  line.hear({ type: "nack", handle: 7, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of(0) });
  expect(line.take()).toMatchObject([
    { type: "updates", first: 1, kind: "state", updates: [Uint8Array.of(4, 2)] },
    { type: "updates", first: 2, kind: "edit", updates: [Uint8Array.of(2)] },
  ]);
});

test("[P7] a difference that took its time is not taken for one that another edit or session waits for", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1), anEntry(2)] });
  line.cannotShow = "later";
  line.effects = [];
  line.hear({ type: "nack", handle: 7, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of(0) });
  const [asked] = line.takeEffects("make-difference");
  line.take();
  line.tell({ type: "settled-elsewhere", room: aRoom, keys: [anEntry(1)] });
  expect(line.take()).toEqual([]);
  line.tell({ ...asked!, type: "difference-made", updates: [] });
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, kind: "edit", updates: [Uint8Array.of(2)] }]);
  line.hear({ type: "nack", handle: 7, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of(0) });
  line.tell({ ...asked!, type: "difference-made", updates: [Uint8Array.of(7)] });
  expect([line.take(), line.takeEffects("set-aside")]).toEqual([[], []]);
});

test("[P8] a gap that differences do not close is tried ever more slowly", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  let sent = 0;
  for (let second = 0; second < 120; second++) {
    line.hear({ type: "nack", handle: 7, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of(0) });
    sent += line.take().filter((message) => message.type === "updates").length;
    line.hear({ type: "pong", nonce: 0 });
    line.wait(1_000);
  }
  expect(sent).toBeGreaterThan(5);
  expect(sent).toBeLessThan(20);
});

test("a full disk makes it wait as long as asked, keep the edit, say why, and try the same number again", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  line.take();
  line.hear({ type: "nack", handle: 7, number: 1, code: "STORE_FULL", retryAfterMs: 3_000, detail: "", stateVector: new Uint8Array() });
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 1, problem: { code: "STORE_FULL" } });
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(2)] });
  line.wait(2_900);
  expect(line.take()).toEqual([]);
  line.wait(200);
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, updates: { length: 2 } }]);
  line.hearAck(2);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, problem: undefined });
});

test("an edit that is refused for good is set aside, and the next takes its number", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1), anEntry(2)] });
  line.take();
  line.hear({ type: "nack", handle: 7, number: 1, code: "BAD_UPDATE", retryAfterMs: 0, detail: "", stateVector: new Uint8Array() });
  expect(line.takeEffects("set-aside")).toMatchObject([{ entry: { number: 1 }, refusal: { code: "BAD_UPDATE" } }]);
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, updates: [Uint8Array.of(2)] }]);
});

test("a refusal of the session keeps everything and sends nothing until the next session", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  line.take();
  line.hear({ type: "nack", handle: 7, number: 1, code: "READ_ONLY", retryAfterMs: 0, detail: "", stateVector: new Uint8Array() });
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(2)] });
  line.wait(10_000);
  expect(line.take()).toEqual([]);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 2, problem: { code: "READ_ONLY" } });
});

test("an edit above the ceiling of edits goes as a state, one above a frame is set aside", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1, { bytes: new Uint8Array(20_000) })] });
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, kind: "state" }]);
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(2, { bytes: new Uint8Array(1_000_000) }), anEntry(3)] });
  expect(line.takeEffects("set-aside")).toMatchObject([{ entry: { number: 2 }, refusal: { code: "UPDATE_TOO_BIG" } }]);
  expect(line.take()).toMatchObject([{ type: "updates", first: 2, kind: "edit", updates: [Uint8Array.of(3)] }]);
});

test("[P6] a relay whose clock does not cover ours gets everything that the document has", () => {
  const line = aLiveLine();
  line.hear({ type: "clock", handle: 7, clock: clock(5), token: "" });
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(1_000);
  line.connect();
  line.hearOpened();
  line.take();
  line.hearSynced(clock(3));
  expect(line.take()).toMatchObject([{ type: "updates", first: 1, kind: "state", updates: [Uint8Array.of(0, 0)] }]);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 1 });
  line.hearAck(1);
  expect(line.core.room(aRoom)).toMatchObject({ waiting: 0, clock: "a.1:5" });
});

test("[P1] a relay that has other content once all of it is here is sent the deletions, which a state vector does not show", () => {
  const line = new ALine();
  line.open();
  line.connect();
  line.hearOpened();
  line.difference = Uint8Array.of(9);
  line.takeEffects("make-difference");
  line.hearSynced(clock(1), "0123456789abcdef");
  expect(line.takeEffects("make-difference")).toMatchObject([{ stateVector: aStateVector, unless: [], unlessContent: "0123456789abcdef" }]);
  expect(line.take().at(-1)).toMatchObject({ type: "updates", first: 1, kind: "state", updates: [Uint8Array.of(9)] });
});

test("[P7] when the device's store was emptied the relay is sent what the document has: an outbox may have lost it", () => {
  const line = aLiveLine();
  line.takeEffects("make-difference");
  line.take();
  line.tell({ type: "store-emptied", room: aRoom });
  expect(line.takeEffects("make-difference")).toMatchObject([{ unless: undefined, unlessContent: undefined }]);
  expect(line.take()).toMatchObject([{ type: "updates", kind: "state", updates: [Uint8Array.of(0, 0)] }]);
});

test("what the document has beyond the relay at open goes before the outbox", () => {
  const line = new ALine();
  line.difference = Uint8Array.of(8);
  line.open([anEntry(1)]);
  line.connect();
  line.hearOpened();
  expect(line.take().slice(-2)).toMatchObject([
    { type: "updates", first: 1, kind: "state", updates: [Uint8Array.of(8)] },
    { type: "updates", first: 2, kind: "edit", updates: [Uint8Array.of(1)] },
  ]);
});

test("[P10] a deleted room ends the session and keeps what waits", () => {
  const line = aLiveLine();
  line.tell({ type: "edited", room: aRoom, entries: [anEntry(1)] });
  const channel = 1;
  line.hear({ type: "deleted", channel, generation: 0, by: "ada", atMs: 5 });
  expect(line.takeEffects("deleted")).toEqual([{ type: "deleted", room: aRoom, by: "ada", atMs: 5 }]);
  expect(line.core.room(aRoom)).toMatchObject({ session: "deleted", waiting: 1 });
  line.take();
  line.wait(5_000);
  expect(line.take()).toEqual([]);
});

test("another generation than the device's is another document: nothing is merged", () => {
  const line = aLiveLine();
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(1_000);
  line.connect();
  line.hearOpened({ generation: 3 });
  expect(line.core.room(aRoom)?.session).toBe("deleted");
  expect(line.take().at(-1)).toMatchObject({ type: "close" });
});

test("[P10] a generation that another tab told is said at open, and another one is another document", () => {
  const line = new ALine();
  line.open();
  line.tell({ type: "generation-told", room: aRoom, generation: 1 });
  line.connect();
  expect(line.said.at(-1)).toMatchObject({ type: "open", generation: 1 });
  line.hearOpened({ generation: 2 });
  expect(line.core.room(aRoom)?.session).toBe("deleted");
});

test.each([
  ["opens", (line: ALine) => line.hearOpened({ generation: 0 })],
  ["calls deleted", (line: ALine) => line.hear({ type: "deleted", channel: 1, generation: 0, by: "ada", atMs: 5 })],
])("[P10] a relay that %s an earlier generation is behind, and says nothing about this one", (_, says) => {
  const line = new ALine();
  line.open([anEntry(1)]);
  line.connect();
  line.tell({ type: "generation-told", room: aRoom, generation: 1 });
  says(line);
  expect(line.takeEffects("deleted")).toEqual([]);
  expect(line.core.room(aRoom)).toMatchObject({ session: "detached", waiting: 1, generation: 1, problem: { code: "BEHIND" } });
  line.take();
  line.wait(2_000);
  expect(line.take()).toMatchObject([{ type: "open", generation: 1 }]);
});

test("chunks become one update, and updates of a room are handed over before the clock that covers them", () => {
  const line = aLiveLine();
  line.hear({ type: "chunk", handle: 7, remaining: 2, bytes: Uint8Array.of(1, 2) });
  line.hear({ type: "chunk", handle: 7, remaining: 0, bytes: Uint8Array.of(3, 4) });
  line.hear({ type: "clock", handle: 7, clock: clock(1), token: "" });
  const order = line.effects.filter((effect) => effect.type === "apply-remote" || effect.type === "clock-reached");
  expect(order).toMatchObject([{ type: "apply-remote", updates: [Uint8Array.of(1, 2, 3, 4)] }, { type: "clock-reached" }]);
});

test("a silent line is dropped after the silence, and pings measure the round trip", () => {
  const line = aLiveLine();
  const socket = line.socket;
  const ping = (): number => {
    const message = line.said.findLast((said) => said.type === "ping");
    return message?.type === "ping" ? message.nonce : 0;
  };
  line.wait(15_000);
  line.nowMs += 40;
  line.hear({ type: "pong", nonce: ping() });
  expect(line.core.status).toMatchObject({ connection: "online", roundTripMs: 40 });
  line.wait(29_900);
  expect(line.core.status.connection).toBe("online");
  line.wait(200);
  expect(line.takeEffects("disconnect")).toMatchObject([{ socket }]);
  expect(line.core.status.connection).not.toBe("online");
});

test("news of the network makes a waiting client try at once, and a connected one look whether the line lives", () => {
  const line = aLiveLine();
  line.tell({ type: "network-changed" });
  line.wait(5_100);
  expect(line.takeEffects("disconnect")).toHaveLength(1);
  line.takeEffects("connect");
  const before = line.socket;
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.tell({ type: "network-changed" });
  expect(line.socket).toBe(before + 1);
});

test("working offline ends the line and stays away until the switch is turned back", () => {
  const line = aLiveLine();
  line.tell({ type: "work-offline", offline: true });
  expect(line.core.status).toMatchObject({ connection: "offline", workingOffline: true });
  line.takeEffects("connect");
  line.wait(600_000);
  expect(line.takeEffects("connect")).toEqual([]);
  line.tell({ type: "work-offline", offline: false });
  expect(line.takeEffects("connect")).toHaveLength(1);
});

test("a final refusal of the connection is asked again only after a minute, and said", () => {
  const line = new ALine();
  line.open();
  line.wait(0);
  line.tell({ type: "socket-opened", socket: line.socket });
  line.hear({ type: "error", channel: undefined, code: "WRONG_VERSION", retryAfterMs: 0, detail: "" });
  line.tell({ type: "socket-closed", socket: line.socket, code: 4406 });
  expect(line.core.status).toMatchObject({ problem: { code: "WRONG_VERSION" } });
  line.takeEffects("connect");
  line.wait(59_000);
  expect(line.takeEffects("connect")).toEqual([]);
  line.wait(2_000);
  expect(line.takeEffects("connect")).toHaveLength(1);
});

/** A client that has just said hello. */
function aGreeting(): ALine {
  const line = new ALine();
  line.wait(0);
  line.tell({ type: "socket-opened", socket: line.socket });
  return line;
}

test.each([
  ["a newer relay says so", "client", (line: ALine) => refuse(line, "WRONG_VERSION", "the client speaks version 1, this relay 2", 4406)],
  ["an older relay says so", "relay", (line: ALine) => refuse(line, "WRONG_VERSION", "the client speaks version 1, this relay 0", 4406)],
  ["a relay cannot read the hello", "relay", (line: ALine) => refuse(line, "BAD_FRAME", "", 1007)],
  ["a relay closes over the hello", "relay", (line: ALine) => line.tell({ type: "socket-closed", socket: line.socket, code: 1002 })],
  [
    "the answer cannot be read",
    "client",
    (line: ALine) => line.tell({ type: "frame-received", socket: line.socket, bytes: Uint8Array.of(255, 255, 255) }),
  ],
] as const)(
  "[P7] a version that keeps client and relay apart is said, with the older side, and tried again rarely: %s",
  (_, side, happen) => {
    const line = aGreeting();
    happen(line);
    expect(line.core.status).toMatchObject({ connection: "offline", outdated: side, problem: { code: "WRONG_VERSION" } });
    line.takeEffects("connect");
    line.wait(59_000);
    expect(line.takeEffects("connect")).toEqual([]);
    line.wait(2_000);
    expect(line.takeEffects("connect")).toHaveLength(1);
    line.tell({ type: "socket-opened", socket: line.socket });
    line.hear({
      type: "welcome",
      version: nativeVersion,
      relay: "a",
      frameBytesMax: 1_000,
      updateBytesMax: 1_000,
      keepaliveMs: 1,
      relays: [],
    });
    expect(line.core.status).not.toHaveProperty("outdated");
  },
);

function refuse(line: ALine, code: "WRONG_VERSION" | "BAD_FRAME", detail: string, closeCode: number): void {
  line.hear({ type: "error", channel: undefined, code, retryAfterMs: 0, detail });
  line.tell({ type: "socket-closed", socket: line.socket, code: closeCode });
}

test("a room that a relay refuses for now is opened again when the relay said; one refused for good is not", () => {
  const line = aLiveLine();
  const channel = 1;
  line.hear({ type: "error", channel, code: "RELAY_BUSY", retryAfterMs: 4_000, detail: "" });
  line.wait(3_900);
  expect(line.take()).toEqual([]);
  line.wait(200);
  expect(line.take()).toMatchObject([{ type: "open", channel: 2 }]);
  line.hear({ type: "error", channel: 2, code: "NOT_ALLOWED", retryAfterMs: 0, detail: "" });
  expect(line.core.room(aRoom)).toMatchObject({ session: "refused", problem: { code: "NOT_ALLOWED" } });
});

test("[P9] bytes that are no frame end the line, never the client", () => {
  const line = aLiveLine();
  line.tell({ type: "frame-received", socket: line.socket, bytes: Uint8Array.of(255, 255, 255) });
  expect(line.core.status).toMatchObject({ connection: "offline", problem: { code: "BAD_FRAME" } });
});

test("late messages of an earlier socket or channel change nothing", () => {
  const line = aLiveLine();
  const old = line.socket;
  line.tell({ type: "socket-closed", socket: old, code: 1006 });
  line.tell({ type: "frame-received", socket: old, bytes: Uint8Array.of(1) });
  line.tell({ type: "socket-closed", socket: old, code: 4404 });
  line.wait(1_000);
  line.connect();
  line.hearOpened({ channel: 1 });
  expect(line.core.room(aRoom)?.session).toBe("opening");
});
