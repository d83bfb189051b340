import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onlineVerification } from "../../../server/cli/online-verification.ts";
import { ProgressLine } from "../../../server/cli/progress-line.ts";

/** A relay that finds `damaged` rooms, refuses the first orders to set them aside with `refusals`, and begins anew after each that it obeys. */
class VerifiedRelay {
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));
  life = 0;
  ring = 0;
  damaged: readonly string[] = ["one"];
  /** Of orders to set aside; what happens with them. */
  refusals: (readonly [code: string, then?: () => void])[] = [];
  readonly setAside: string[][] = [];
  refused = 0;

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { rooms } = (request.method === "POST" ? JSON.parse(Buffer.concat(parts).toString()) : {}) as { rooms: string[] };
    const [status, body] = this.#of(request.url?.split("/").at(-1), rooms);
    response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
    response.end(JSON.stringify(body));
  }

  #of(what: string | undefined, rooms: string[]): readonly [status: number, body: object] {
    const actor = `a.000000000000000${this.life}`;
    const records = [{ relay: "a", status: "member" }];
    switch (what) {
      case "look":
        return [200, { rooms: this.damaged.map((room) => ({ room })), flaws: this.damaged.map((room) => ({ room, where: "", what: "" })) }];
      case "set-aside":
        return this.#setAside(rooms);
      case "compare":
        return [200, { rooms: rooms.map((room) => ({ room, generation: 0, isDeleted: false, clock: {}, copies: [] })) }];
      default:
        return [200, { self: "a", ring: { id: `000000000000000${this.ring}`, records }, relays: [{ relay: "a", actor }] }];
    }
  }

  #setAside(rooms: string[]): readonly [status: number, body: object] {
    const [code, then] = (rooms.length > 10_000 ? ["BAD_REQUEST"] : this.refusals.shift()) ?? [];
    then?.();
    if (code !== undefined) this.refused += 1;
    if (code !== undefined) return [code === "RELAY_BUSY" ? 503 : 403, { error: { code, sentence: `It is ${code}.`, detail: "" } }];
    this.setAside.push(rooms);
    this.life += 1;
    return [200, { setAside: rooms.length }];
  }
}

let relay: VerifiedRelay;
let address: string;
const secret = new TextEncoder().encode("a secret of at least sixteen");
const line = new ProgressLine({ write: () => true });

beforeEach(async () => {
  relay = new VerifiedRelay();
  address = await relay.listen();
});
afterEach(() => relay.close());

test("what is damaged is set aside once somebody else has verified", async () => {
  relay.refusals = [["RELAY_BUSY"], ["RELAY_BUSY"]];
  await onlineVerification(address, secret, line);
  expect([relay.refused, relay.setAside]).toEqual([2, [["one"]]]);
});

test("what is damaged is set aside though the ring changes between the look and that, however often", async () => {
  const changed = (): void => void (relay.ring += 1);
  relay.refusals = [
    ["MESH_SECRET", changed],
    ["MESH_SECRET", changed],
    ["MESH_SECRET", changed],
  ];
  await onlineVerification(address, secret, line);
  expect([relay.refused, relay.setAside]).toEqual([3, [["one"]]]);
});

test("more damaged documents than one order may name are set aside in several, a life for each", async () => {
  relay.damaged = Array.from({ length: 10_001 }, (_, index) => `room ${index}`);
  await onlineVerification(address, secret, line);
  expect(relay.setAside.map((rooms) => rooms.length)).toEqual([10_000, 1]);
  expect([relay.refused, relay.life]).toEqual([0, 2]);
});

test("a refusal that stays one ends the command with what the relay says, and nothing else", async () => {
  const said: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text) => said.push(String(text)) > 0;
  relay.refusals = [["MESH_SECRET"]];
  await expect(onlineVerification(address, secret, line)).rejects.toThrow("process.exit");
  process.stderr.write = write;
  expect(said).toEqual(["It is MESH_SECRET.\n"]);
});
