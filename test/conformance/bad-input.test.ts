/**
 * Bad input over real sockets. Each attack ends with its code, is counted in /metrics, and leaves the log and the other
 * clients of the same room as they were: a neighbour goes on typing, and what the room holds does not change.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorKinds, type ErrorCode } from "@inkmesh/shared/base/errors";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as hostile from "../harness/hostile-update.ts";
import { NativeSocket } from "../harness/native-socket.ts";
import { endRawSockets, RawSocket } from "../harness/raw-socket.ts";
import { contentOf, MetricsReading, roomOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, temporaryFolder, type RelayProcess } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const handshakeMs = 400;
const gapsPerWindowMax = 3;
let relay: RelayProcess;
let rooms = 0;
let room: string;
let neighbours: readonly [YClient, YClient];
let before: { clock: unknown; text: string; sum: number };

/** Limits small enough to reach in a test; what they protect is the same. */
async function aRelayWithLimits(limits: Record<string, number>): Promise<RelayProcess> {
  const config = join(temporaryFolder("config"), "config.json");
  writeFileSync(config, JSON.stringify({ limits }));
  return startRelayProcess({ args: ["--config", config] });
}

beforeAll(async () => {
  const sizes = { frameBytesMax: 1_048_576, stateBytesMax: 1_048_576, editBytesMax: 262_144 };
  relay = await aRelayWithLimits({ handshakeMs, gapsPerWindowMax, ...sizes, roomsPerConnectionMax: 100 });
});
afterAll(() => endRelays());

beforeEach(async () => {
  room = `bad-input-${++rooms}`;
  neighbours = [new YClient(relay, room), new YClient(relay, room, { version: "1.5.4" })];
  await Promise.all(neighbours.map((client) => client.synced()));
  neighbours[0].insert(0, "as it was");
  await neighbours[1].reads("as it was");
  before = { clock: await steadyClock(), text: "as it was", sum: await refusals() };
});
afterEach(() => {
  endRawSockets();
  endYClients();
});

/** A y-websocket client's first word, "I have nothing": from then on it is sent what others type. */
const askForAll = Uint8Array.of(0, 0, 1, 0);

async function steadyClock(): Promise<unknown> {
  await until("the edit is durable", async () => JSON.stringify((await roomOf(relay, room)).clock) !== "{}");
  return (await roomOf(relay, room)).clock;
}

async function refusals(code = ""): Promise<number> {
  return (await MetricsReading.of(relay)).value("inkmesh_refused_total", code === "" ? "" : `code="${code}"`);
}

/** Log and content are as before; the neighbours did not notice and go on. */
async function expectUntouched(): Promise<void> {
  expect((await roomOf(relay, room)).clock).toEqual(before.clock);
  expect(await contentOf(relay, room)).toBe(before.text);
  neighbours[1].insert(0, "and still, ");
  await neighbours[0].reads(`and still, ${before.text}`);
  expect(neighbours.map((client) => client.opened)).toEqual([1, 1]);
}

describe("[P9] y-websocket", () => {
  const attacks: readonly (readonly [what: string, frame: () => Uint8Array, code: ErrorCode])[] = [
    ["an unknown message type", () => Uint8Array.of(9, 1, 2), "BAD_FRAME"],
    ["an unknown kind of sync message", () => Uint8Array.of(0, 7, 0), "BAD_FRAME"],
    ["an empty message", () => new Uint8Array(0), "BAD_FRAME"],
    ["a length that is not there", () => Uint8Array.of(0, 2, 255, 255, 255, 127), "BAD_FRAME"],
    ["a truncated frame", () => hostile.yFrame(hostile.anUpdate()).slice(0, -2), "BAD_FRAME"],
    ["two messages in one frame", () => Uint8Array.of(...hostile.yFrame(hostile.anUpdate()), 1, 1, 0), "BAD_FRAME"],
    ["an update cut short", () => hostile.yFrame(hostile.cut()), "BAD_UPDATE"],
    ["an update with something behind it", () => hostile.yFrame(hostile.withTail()), "BAD_UPDATE"],
    ["an update in the second encoding", () => hostile.yFrame(hostile.inV2()), "BAD_UPDATE"],
    ["the second encoding as a state", () => hostile.yFrame(hostile.inV2(), 1), "BAD_UPDATE"],
    ["a billion structs that are not there", () => hostile.yFrame(hostile.aCountBomb()), "BAD_UPDATE"],
    ["a clock bomb", () => hostile.yFrame(hostile.aClockBomb()), "CLOCK_TOO_FAR"],
    ["a nesting bomb", () => hostile.yFrame(hostile.aNestingBomb()), "TOO_DEEP"],
    ["a value of lists in lists", () => hostile.yFrame(hostile.aValueBomb()), "TOO_DEEP"],
    ["a paste over the limit", () => hostile.yFrame(hostile.anUpdate("x".repeat(300_000))), "UPDATE_TOO_BIG"],
    ["a frame over the limit", () => new Uint8Array(1_100_000), "FRAME_TOO_BIG"],
  ];
  test.each(attacks)("%s ends the session, nothing else", async (_what, frame, code) => {
    const counted = await refusals(code);
    const attacker = await new RawSocket(relay.socketUrl(`/y/${room}`)).opened();
    attacker.send(frame());
    expect(await attacker.closedWith()).toBe((errorKinds[code] as { closeCode?: number }).closeCode);
    await expectUntouched();
    expect(await refusals(code)).toBe(counted + 1);
  });

  test("text instead of bytes ends the session", async () => {
    const attacker = await new RawSocket(relay.socketUrl(`/y/${room}`)).opened();
    attacker.socket.send("hello");
    expect(await attacker.closedWith()).toBe(1003);
    await expectUntouched();
    expect(await refusals()).toBeGreaterThan(before.sum);
  });

  test("a gap is healed: the relay asks by SyncStep1, and lets nothing in meanwhile", async () => {
    const attacker = await new RawSocket(relay.socketUrl(`/y/${room}`)).opened();
    const questions = (): number => attacker.received.filter((frame) => frame[0] === 0 && frame[1] === 0).length;
    attacker.send(askForAll);
    await until("the first SyncStep1", () => questions() === 1);
    attacker.send(hostile.yFrame(hostile.aGap()));
    await until("another SyncStep1", () => questions() === 2);
    await expectUntouched();
    expect((await MetricsReading.of(relay)).value("inkmesh_gaps_total")).toBeGreaterThan(0);
  });

  test("a pending bomb, gap upon gap, is asked once a second and then ends the session", async () => {
    const attacker = await new RawSocket(relay.socketUrl(`/y/${room}`)).opened();
    for (let batch = 0; attacker.closeCode === undefined && batch < 100; batch++) {
      for (let index = 0; index < 100; index++) attacker.send(hostile.yFrame(hostile.aGap(10_000 + 100 * batch + index)));
      await pause(100); // It goes on for longer than the relay asks.
    }
    expect(attacker.closeCode).toBe(errorKinds.TOO_MANY_GAPS.closeCode);
    expect(attacker.received.length).toBeLessThanOrEqual(gapsPerWindowMax + 1);
    await expectUntouched();
    expect(await refusals("TOO_MANY_GAPS")).toBeGreaterThan(0);
  });

  test.each([
    ["of 257 bytes", "x".repeat(257)],
    ["with a control character", "a%00b"],
    ["with a newline", "a%0Ab"],
    ["of half a character", "%ED%A0%80"],
    ["that is percent-encoded wrongly", "%zz"],
    ["that is empty", ""],
  ])("a room's name %s is refused for good", async (_what, path) => {
    const attacker = new RawSocket(relay.socketUrl(`/y/${path}`));
    expect(await attacker.closedWith()).toBe(errorKinds.BAD_ROOM_NAME.closeCode);
    await expectUntouched();
    expect(await refusals("BAD_ROOM_NAME")).toBeGreaterThan(0);
  });

  test("a cursor larger than the limit, or without a readable state, is not shown and harms nobody", async () => {
    const attacker = await new RawSocket(relay.socketUrl(`/y/${room}`)).opened();
    attacker.send(awarenessFrame(99, `"${"x".repeat(100_000)}"`));
    attacker.send(awarenessFrame(98, "{not json"));
    await expectUntouched();
    expect(neighbours.map((client) => [99, 98].some((id) => client.awareness.getStates().has(id)))).toEqual([false, false]);
    expect(await refusals("PRESENCE_REFUSED")).toBeGreaterThan(0);
  });
});

function awarenessFrame(client: number, state: string): Uint8Array {
  const json = new TextEncoder().encode(state);
  const body = [1, client, 1, ...varUint(json.length), ...json];
  return Uint8Array.of(1, ...varUint(body.length), ...body);
}

function varUint(number: number): readonly number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...varUint(number >>> 7)];
}

describe("[P9] our own protocol", () => {
  async function anAttacker(): Promise<NativeSocket> {
    return new NativeSocket(relay.socketUrl("/sync")).hello();
  }

  test("a version that the relay does not speak is told so and closed for good", async () => {
    const attacker = await new NativeSocket(relay.socketUrl("/sync")).hello(99);
    expect((await attacker.hears("error")).code).toBe("WRONG_VERSION");
    expect(await attacker.raw.closedWith()).toBe(errorKinds.WRONG_VERSION.closeCode);
    await expectUntouched();
  });

  test("whoever speaks before hello is out of order", async () => {
    const attacker = new NativeSocket(relay.socketUrl("/sync"));
    await attacker.raw.opened();
    attacker.ask(room);
    expect(await attacker.raw.closedWith()).toBe(errorKinds.OUT_OF_ORDER.closeCode);
    await expectUntouched();
  });

  test("whoever says nothing is sent away", async () => {
    const attacker = await new RawSocket(relay.socketUrl("/sync")).opened();
    expect(await attacker.closedWith(handshakeMs + 5_000)).toBe(errorKinds.HANDSHAKE_TIMEOUT.closeCode);
    await expectUntouched();
  });

  test.each([
    ["garbage", () => Uint8Array.of(255, 254, 253, 252)],
    ["an empty message", () => new Uint8Array(0)],
  ])("%s closes the connection", async (_what, frame) => {
    const attacker = await anAttacker();
    await attacker.hears("welcome");
    attacker.raw.send(frame());
    expect(await attacker.raw.closedWith()).toBe(errorKinds.BAD_FRAME.closeCode);
    await expectUntouched();
  });

  test("updates for a channel that was never opened are out of order", async () => {
    const attacker = await anAttacker();
    attacker.update([hostile.anUpdate()], 7);
    await until(
      "it is told or closed",
      () => attacker.raw.closeCode !== undefined || attacker.heard.some((message) => message.type === "error"),
    );
    await expectUntouched();
    expect(await refusals("OUT_OF_ORDER")).toBeGreaterThan(0);
  });

  const refusedUpdates: readonly (readonly [string, () => Uint8Array, ErrorCode])[] = [
    ["an update cut short", hostile.cut, "BAD_UPDATE"],
    ["an update in the second encoding", hostile.inV2, "BAD_UPDATE"],
    ["a clock bomb", hostile.aClockBomb, "CLOCK_TOO_FAR"],
    ["a nesting bomb", () => hostile.aNestingBomb(), "TOO_DEEP"],
    ["a gap", () => hostile.aGap(), "GAP"],
  ];
  test.each(refusedUpdates)("%s gets a nack, and the number is free for the next", async (_what, update, code) => {
    const attacker = await anAttacker();
    await attacker.open(room);
    attacker.update([update()]);
    const nack = await attacker.hears("nack");
    expect([nack.number, nack.code]).toEqual([1, code]);
    expect(nack.stateVector.length > 0).toBe(code === "GAP");
    await expectUntouched();
    attacker.say({ type: "updates", channel: 1, first: 1, kind: "edit", updates: [hostile.anUpdate("z", 5_000 + rooms)] });
    await attacker.acked(1);
  });

  test("10,000 rooms on one socket: those over the limit are refused, the others work, the neighbours do not notice", async () => {
    const attacker = await anAttacker();
    for (let channel = 1; channel <= 10_000; channel++) attacker.ask(`${room}-${channel}`, channel);
    const refusedChannels = (): number =>
      attacker.heard.filter((message) => message.type === "error" && message.code === "TOO_MANY_ROOMS").length;
    const closed = (): boolean => attacker.raw.closeCode !== undefined;
    await until("9,900 refusals, or the end", () => refusedChannels() === 9_900 || closed(), {
      timeoutMs: 60_000,
      seen: () => [refusedChannels(), attacker.raw.closeCode],
    });
    if (closed()) expect(attacker.raw.closeCode).toBe(errorKinds.RATE_LIMITED.closeCode);
    await expectUntouched();
    expect(await refusals("TOO_MANY_ROOMS")).toBeGreaterThan(0);
  });
});

describe("[P8] a client that never reads", () => {
  test("is dropped as slow, with a bounded buffer, while the others get everything", { timeout: 120_000 }, async () => {
    const own = await aRelayWithLimits({ backlogSheddingBytes: 262_144, backlogBytesMax: 1_048_576 });
    const [writer, reader] = [new YClient(own, "slow"), new YClient(own, "slow")];
    await Promise.all([writer.synced(), reader.synced()]);
    const lazy = await new RawSocket(own.socketUrl("/y/slow")).opened();
    lazy.send(askForAll);
    lazy.socket.pause();
    const metrics = async (): Promise<number> => (await MetricsReading.of(own)).value("inkmesh_refused_total", `code="CLIENT_SLOW"`);
    // More than the kernel's buffers of both ends and the limit together.
    const block = "y".repeat(100_000);
    let written = 0;
    await until(
      "the relay gives the lazy one up",
      async () => {
        if (written < 40_000_000) {
          writer.insert(0, block);
          writer.text.delete(0, block.length);
          written += block.length;
        }
        return (await metrics()) > 0;
      },
      { timeoutMs: 60_000 },
    );
    writer.insert(0, "everything is here");
    await reader.reads("everything is here", 60_000);
    expect([writer.opened, reader.opened]).toEqual([1, 1]);
    lazy.socket.resume();
    expect([errorKinds.CLIENT_SLOW.closeCode, 1006]).toContain(await lazy.closedWith());
  });
});

test("[P9] after all of it the relay is alive, ready and has not restarted", async () => {
  expect((await fetch(`${relay.url}/health`)).status).toBe(200);
  expect((await fetch(`${relay.url}/ready`)).status).toBe(200);
});
