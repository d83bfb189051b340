import { request } from "node:http";
import { connect } from "node:net";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { afterEach, describe, expect, test } from "vitest";
import type { Experiments } from "../../../server/edge/experiments-api.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

/** What was done, in words. */
class Notes implements Experiments {
  readonly done: string[] = [];
  state = () => ({ cut: ["b" as RelayId], isPaused: false, skewMs: 0 });
  cutOff = (relays: readonly RelayId[]) => void this.done.push(`cut ${relays.join()}`);
  pause = (isPaused: boolean) => void this.done.push(`paused ${isPaused}`);
  skew = (ms: number) => void this.done.push(`skew ${ms}`);
  kill = () => void this.done.push("kill");
}

async function change(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: "PATCH", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  return fetch(`${edge!.address}/api/mesh/experiments`, init);
}

describe("without the flag", () => {
  test("there is no such door, and the view of the mesh does not speak of it", async () => {
    edge = await anEdge();
    const answers = [
      await change({ cut: ["b"] }),
      await fetch(`${edge.address}/api/mesh/experiments`),
      await fetch(`${edge.address}/api/mesh/experiments/kill`, { method: "POST" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(await (await fetch(`${edge.address}/api/mesh`)).json()).not.toHaveProperty("experiments");
  });
});

describe("with the flag", () => {
  test("a relay is cut off, paused, turned and ended, and says how it stands", async () => {
    const experiments = new Notes();
    edge = await anEdge({ experiments });
    expect(await (await change({ cut: ["b", "c"], isPaused: true, skewMs: -2_000 })).json()).toEqual(experiments.state());
    expect(await (await fetch(`${edge.address}/api/mesh`)).json()).toMatchObject({ experiments: experiments.state() });
    expect((await fetch(`${edge.address}/api/mesh/experiments/kill`, { method: "POST" })).status).toBe(202);
    await expect.poll(() => experiments.done).toEqual(["cut b,c", "paused true", "skew -2000", "kill"]);
  });

  test.each([
    ["a name that is none", { cut: ["B "] }],
    ["a skew that is no number of ms", { skewMs: 0.5 }],
    ["more than a day", { skewMs: 86_400_001 }],
    ["a field that it does not know", { killed: true }],
    ["no object", []],
  ])("%s changes nothing", async (_, body) => {
    const experiments = new Notes();
    edge = await anEdge({ experiments });
    expect((await change(body)).status).toBe(400);
    expect(experiments.done).toEqual([]);
  });

  test("[P9] a foreign page, and one that calls this machine by a name of its own, change nothing", async () => {
    const experiments = new Notes();
    edge = await anEdge({ experiments });
    expect((await change({ isPaused: true }, { Origin: "https://evil.example" })).status).toBe(403);
    const { port } = new URL(edge.address);
    const status = await new Promise((resolve, reject) => {
      const headers = { Host: `evil.example:${port}`, Origin: `http://evil.example:${port}` };
      request({ host: "127.0.0.1", port, path: "/api/mesh/experiments/kill", method: "POST", headers }, (answer) =>
        resolve(answer.statusCode),
      )
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
    expect(experiments.done).toEqual([]);
  });

  test.each([
    ["Forwarded", "for=203.0.113.7"],
    ["Via", "1.1 proxy"],
    ["X-Forwarded-For", "203.0.113.7"],
    ["X-Forwarded-Proto", "https"],
    ["X-Real-IP", "203.0.113.7"],
  ])("[P9] what came through a proxy, as %s says, changes nothing and is told why", async (header, value) => {
    const experiments = new Notes();
    edge = await anEdge({ experiments });
    const kill = { method: "POST", headers: { [header]: value } };
    const answers = [await change({ isPaused: true }, { [header]: value }), await fetch(`${edge.address}/api/mesh/experiments/kill`, kill)];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(await answers[1]!.text()).toContain(`came through a proxy, as its header ${header.toLowerCase()} says`);
    expect(experiments.done).toEqual([]);
  });

  test("[P9] HTTP/1.0, by which a proxy asks that adds no header, changes nothing", async () => {
    const experiments = new Notes();
    edge = await anEdge({ experiments });
    const { port, host } = new URL(edge.address);
    const answer = await new Promise<string>((resolve, reject) => {
      let heard = "";
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write(`POST /api/mesh/experiments/kill HTTP/1.0\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`),
      );
      socket.on("data", (bytes) => (heard += String(bytes)));
      socket.on("close", () => resolve(heard)).on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(experiments.done).toEqual([]);
  });
});
