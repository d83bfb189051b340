import { request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Request } from "express";
import { afterEach, expect, test } from "vitest";
import type { RefusalBody } from "../../../server/edge/http-refusal.ts";
import { imageArrivesWithin } from "../../../server/edge/blob-api.ts";
import { bodyWithin } from "../../../server/edge/body-deadline.ts";
import { anEdge } from "./an-edge.ts";

let close: (() => unknown) | undefined;
afterEach(() => close?.());

async function listening(): Promise<number> {
  const app = express();
  app.use(bodyWithin((request) => (request.method === "PUT" ? 10_000 : 200)));
  app.use(express.raw({ type: () => true }), (_request, response) => void response.json("all of it"));
  const server: Server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  close = () => server.close();
  return (server.address() as AddressInfo).port;
}

/** Sends one byte, and another one after `ms`; undefined: never. */
function slowly(port: number, method: string, ms: number | undefined): Promise<readonly [number | undefined, unknown]> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { port, host: "127.0.0.1", method, headers: { "Content-Length": 2, "Content-Type": "text/plain" } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => resolve([answer.statusCode, JSON.parse(Buffer.concat(parts).toString())]));
      },
    );
    sent.on("error", reject);
    sent.write("a");
    if (ms !== undefined) setTimeout(() => sent.end("b"), ms);
  });
}

test("what does not arrive in time is told so, with a code; each kind of request has its own time", async () => {
  const port = await listening();
  const [status, body] = await slowly(port, "POST", undefined);
  const { code, detail } = (body as RefusalBody).error;
  expect([status, code, detail]).toEqual([408, "HANDSHAKE_TIMEOUT", "the request did not arrive within 0.2 s"]);
  expect(await slowly(port, "PUT", 500)).toEqual([200, "all of it"]);
});

test("an image has minutes to arrive, and nothing else has", async () => {
  const put = (path: string): number | undefined => imageArrivesWithin({ method: "PUT", path } as Request);
  expect([put("/api/rooms/a%20b/blobs/sha256-0"), put("/api/rooms/a/content"), put("/api/rooms/a/blobs/b/c")]).toEqual([
    300_000,
    undefined,
    undefined,
  ]);
  const edge = await anEdge();
  close = () => edge.close();
  expect(edge.http.requestTimeout).toBeGreaterThan(300_000);
});
