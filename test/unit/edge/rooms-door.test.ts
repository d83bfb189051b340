/**
 * The doors to documents over HTTP, with an application behind them that is slow, or changes its mind, and clients that go away or do not read.
 */
import type { ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { RelayAccess } from "../../../server/relay-access.ts";
import type { AccessAnswer, AccessRequest } from "../../../server/runtime/access-control.ts";
import { until } from "../../harness/until.ts";
import { anEdge } from "./an-edge.ts";

const limits = { accessMs: 60_000, accessKeptMs: 60_000, accessesKeptMax: 100, accessAsksMax: 100, accessAsksWaitingMax: 100 };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A relay's doors, and what is behind them; the application's questions wait in `asked` until they are answered. */
async function aDoor(changed: Partial<typeof limits> = {}) {
  const asked: { request: AccessRequest; answer: (answer: AccessAnswer) => void }[] = [];
  const access = new RelayAccess({
    authorize: async (request) => new Promise((answer) => asked.push({ request, answer })),
    limits: { ...limits, ...changed },
    sockets: { visitor: () => undefined },
    logger: { warn: () => undefined } as never,
  });
  const edge = await anEdge({ doors: access.doors });
  ends.push(() => edge.close());
  const { events } = edge;
  const responses: ServerResponse[] = [];
  edge.http.prependListener("request", (_request, response) => void responses.push(response));
  const { port } = edge.http.address() as AddressInfo;
  const listen = (query = ""): Socket => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(`GET /api/events${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
    ends.push(() => socket.destroy());
    return socket;
  };
  const next = async (): Promise<(typeof asked)[number]> => {
    await until("the application is asked", () => asked.length > 0);
    return asked.shift()!;
  };
  const grant = async (more: { user?: string; expiresInMs?: number } = {}): Promise<void> =>
    (await next()).answer({ allow: true, access: "write", ...more });
  const reconsider = (whom: { room?: string; user?: string }): void => access.reconsider({ enqueue: () => undefined }, whom);
  return { edge, asked, events, responses, listen, next, grant, reconsider };
}

describe("who listens", () => {
  test("[P9] is asked about again while it listens, and stays when it is granted", async () => {
    const door = await aDoor();
    const [one, all] = [door.listen("?room=one&room=two"), door.listen("?room=three")];
    for (let question = 0; question < 3; question++) await door.grant({ user: "ada" });
    await until("both listen", () => door.events.listening === 2);
    door.reconsider({ room: "two" });
    await door.grant({ user: "ada" });
    await door.grant({ user: "ada" });
    await sleep(50);
    expect([door.asked, door.events.listening, one.destroyed, all.destroyed]).toEqual([[], 2, false, false]);
    door.reconsider({ user: "ada" });
    for (const { answer } of [await door.next(), await door.next()]) answer({ allow: false });
    await until("both are cut off", () => door.events.listening === 0);
  });

  test("[P9] to all is meant by whichever document is", async () => {
    const door = await aDoor();
    door.listen();
    await door.grant();
    await until("it listens", () => door.events.listening === 1);
    door.reconsider({ room: "two" });
    (await door.next()).answer({ allow: false });
    await until("it is cut off", () => door.events.listening === 0);
  });

  test("[P9] stays without an answer until its time is over", async () => {
    const door = await aDoor({ accessMs: 50 });
    door.listen();
    await door.grant({ expiresInMs: 1_000 });
    await until("it listens", () => door.events.listening === 1);
    // Nobody answers; and whoever is cut off is not asked about a second time.
    await door.next();
    await door.next();
    await until("it is cut off", () => door.events.listening === 0);
  });

  test("[P1] and does not read is cut off, and told nothing more", async () => {
    const door = await aDoor();
    door.listen().pause();
    await door.grant();
    await until("it listens", () => door.events.listening === 1);
    const [response] = door.responses;
    while (response!.socket!.writableLength === 0) {
      response!.write("x".repeat(8_000));
      await sleep(0);
    }
    door.reconsider({});
    (await door.next()).answer({ allow: false });
    await until("it is cut off", () => response!.destroyed);
    await sleep(50);
    expect(door.events.listening).toBe(0);
  });

  test("[C7] and has gone when it may is not kept", async () => {
    const door = await aDoor();
    const gone = door.listen();
    const question = await door.next();
    gone.destroy();
    await until("it is gone", () => door.responses[0]!.destroyed);
    question.answer({ allow: true, access: "write" });
    await sleep(20);
    door.reconsider({});
    await sleep(20);
    expect([door.asked, door.events.listening]).toEqual([[], 0]);
  });

  test("[P9] was called into doubt before it could listen is asked about once more", async () => {
    const door = await aDoor();
    door.listen();
    const question = await door.next();
    door.reconsider({ user: "ada" });
    question.answer({ allow: true, access: "write", user: "ada" });
    (await door.next()).answer({ allow: false });
    await until("it is refused", () => door.responses[0]!.writableFinished);
    expect([door.responses[0]!.statusCode, door.events.listening]).toEqual([403, 0]);
  });
});

test("[P9] a change whose question was under way when its author was called into doubt is asked about once more", async () => {
  const door = await aDoor();
  const change = fetch(`${door.edge.address}/api/rooms/one`, { method: "DELETE" });
  const question = await door.next();
  door.reconsider({ room: "one" });
  question.answer({ allow: true, access: "write" });
  (await door.next()).answer({ allow: false });
  expect([(await change).status, door.edge.inputs]).toEqual([403, []]);
});
