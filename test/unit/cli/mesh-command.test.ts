import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inkmesh } from "../../harness/command-line.ts";
import { aRelay, type RunningRelay } from "./a-relay.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-mesh-command-"));
const secretFile = path.join(folder, "secret");
const relays: RunningRelay[] = [];

async function start(name: string, join: readonly string[]): Promise<RunningRelay> {
  const relay = await aRelay({ name, data: path.join(folder, name), join, meshSecretFile: secretFile });
  relays.push(relay);
  return relay;
}

async function create({ address }: RunningRelay, room: string): Promise<void> {
  const answer = await fetch(`${address}/api/rooms`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ room }),
  });
  expect(answer.status).toBe(201);
}

beforeAll(async () => {
  fs.writeFileSync(secretFile, "a secret of at least sixteen");
  const a = await start("a", []);
  await start("b", [`${a.address.replace("http", "ws")}/mesh`]);
}, 60_000);

afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  fs.rmSync(folder, { recursive: true });
});

describe("inkmesh mesh", { timeout: 120_000 }, () => {
  test("shows who is there, and forgets a relay that has ended, with the secret only", async () => {
    const [a, b] = relays as [RunningRelay, RunningRelay];
    const at = ["--at", a.address];
    const status = async (): Promise<string> => (await inkmesh("mesh", "status", ...at)).out;
    await vi.waitFor(async () => expect(await status()).toMatch(/^b +member +alive +linked +\d+\.\d ms +0 +\S+ +ws:/m), {
      timeout: 60_000,
    });
    expect(await status()).toMatch(/^a +member +alive +asked +0 +\S+ +ws:/m);
    const json = await inkmesh("mesh", "status", ...at, "--json");
    expect(JSON.parse(json.out)).toMatchObject({ self: "a", relays: [{ relay: "a" }, { relay: "b" }] });
    const secret = ["--mesh-secret-file", secretFile];
    expect(await inkmesh("mesh", "forget", "b", ...at, ...secret)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^That relay is there/),
    });
    await b.stop();
    await vi.waitFor(async () => expect(await status()).toMatch(/^b +member +(left|dead) +no link/m), { timeout: 60_000 });
    const other = path.join(folder, "other");
    fs.writeFileSync(other, "another secret of sixteen");
    const refused = await inkmesh("mesh", "forget", "b", ...at, "--mesh-secret-file", other);
    expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/secret/) });
    expect(await status()).toMatch(/^b +member/m);
    const done = await inkmesh("mesh", "forget", "b", ...at, ...secret);
    expect(done).toEqual({ code: 0, err: "", out: "Relay b is forgotten. It comes back only when it is started with --join.\n" });
    expect(await status()).toMatch(/^b +forgotten/m);
    expect(JSON.parse((await inkmesh("mesh", "forget", "b", ...at, ...secret, "--json")).out)).toEqual({ forgotten: "b" });
  });

  test("drains the relay that is asked, with the secret only, and waits until all that it has is on the others", async () => {
    const a = relays[0]!;
    const c = await start("c", [`${a.address.replace("http", "ws")}/mesh`]);
    const [at, secret] = [
      ["--at", c.address],
      ["--mesh-secret-file", secretFile],
    ] as const;
    const status = async (): Promise<string> => (await inkmesh("mesh", "status", ...at)).out;
    await vi.waitFor(async () => expect(await status()).toMatch(/^c +member/m), { timeout: 60_000 });
    for (const room of ["one", "two"]) await create(c, room);
    const other = path.join(folder, "yet-another");
    fs.writeFileSync(other, "yet another secret of sixteen");
    expect(await inkmesh("mesh", "drain", ...at, "--mesh-secret-file", other)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/secret/),
    });
    expect(await status()).toMatch(/^c +member/m);
    const done = await inkmesh("mesh", "drain", ...at, ...secret);
    expect(done).toMatchObject({
      code: 0,
      out: "Relay c has left: all that it has is on the others. It can be stopped, and its data folder removed.\n",
    });
    expect(await status()).toMatch(/^c +left/m);
    const again = await inkmesh("mesh", "drain", ...at, ...secret, "--no-wait");
    expect(again).toMatchObject({ code: 0, out: 'Relay c leaves. It has left when its place is "left".\n' });
    await c.stop();
    for (const room of ["one", "two"]) expect((await fetch(`${a.address}/api/rooms/${room}`)).status).toBe(200);
  });

  test("gives an order anew where the ring changed while it was on its way", async () => {
    let orders = 0;
    const server = http.createServer((request, response) => {
      if (request.method === "POST") orders += 1;
      const isRefused = request.method === "POST" && orders === 1;
      const error = { code: "MESH_SECRET", sentence: "The relay does not know the secret of this mesh.", detail: "", retryable: false };
      const records = [{ relay: "c", status: orders > 1 ? "leaving" : "member" }];
      const view = { self: "c", ring: { id: `000000000000000${orders}`, records }, relays: [{ relay: "c", actor: "c.0000000000000000" }] };
      response.statusCode = isRefused ? 403 : 200;
      response.end(JSON.stringify(isRefused ? { error } : view));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const done = await inkmesh("mesh", "drain", "--no-wait", "--at", address, "--mesh-secret-file", secretFile);
    server.close();
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(orders).toBe(2);
  });

  test("says how far a relay is that drains", async () => {
    const answers = [
      ["member", 0],
      ["leaving", 2],
      ["leaving", 2],
      ["leaving", 1],
      ["leaving", 0],
      ["left", 0],
    ] as const;
    let asked = 0;
    const server = http.createServer((request, response) => {
      const [status, roomsToHandOver] = answers[Math.min(asked, answers.length - 1)]!;
      if (request.method === "GET") asked += 1;
      const relays = [
        { relay: "c", actor: "c.0000000000000000", roomsToHandOver },
        { relay: "a", actor: "a.0000000000000000", linked: roomsToHandOver !== 1 },
      ];
      const records = [
        { relay: "c", status },
        { relay: "a", status: "member" },
      ];
      response.end(JSON.stringify({ self: "c", ring: { id: "0000000000000000", records }, relays }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const done = await inkmesh("mesh", "drain", "--at", address, "--mesh-secret-file", secretFile);
    server.close();
    expect(done.code).toBe(0);
    expect(done.err.trim().split("\n")).toEqual(
      ["2 documents to hand over", "1 document to hand over; relay a cannot be reached", "looking once more"].map(
        (words) => `Relay c leaves: ${words} …`,
      ),
    );
  });

  test("says what would be right where nobody answers, or without a secret", async () => {
    const nobody = await inkmesh("mesh", "status", "--at", "http://127.0.0.1:1");
    expect(nobody).toMatchObject({ code: 2, err: expect.stringMatching(/^--at must be the address of a relay that runs/) });
    const without = await inkmesh("mesh", "forget", "b");
    expect(await inkmesh("mesh", "drain")).toMatchObject({ code: 2, err: without.err });
    expect(without).toMatchObject({ code: 2, err: expect.stringMatching(/^--mesh-secret-file must be/) });
  });
});
