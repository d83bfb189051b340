import { EventEmitter } from "node:events";
import type { Request, Response } from "express";
import { afterEach, expect, test, vi } from "vitest";
import { imageArrivesWithin } from "../../../server/edge/blob-api.ts";
import { bodyWithin } from "../../../server/edge/body-deadline.ts";
import { anEdge } from "./an-edge.ts";

afterEach(() => void vi.useRealTimers());

/** What was answered to a request that has arrived by then, or has not. */
function answeredAfter(ms: number, complete: boolean): readonly unknown[] {
  vi.useFakeTimers();
  const told: unknown[] = [];
  const note = (what: unknown): unknown => {
    told.push(what);
    return response;
  };
  const response = Object.assign(new EventEmitter(), {
    set: (field: string, value: string) => note([field, value]),
    status: note,
    json: ({ error }: { error: { code: string; detail: string } }) => note([error.code, error.detail]),
  });
  bodyWithin(() => 200)({ complete } as Request, response as unknown as Response, () => undefined);
  vi.advanceTimersByTime(ms);
  return told;
}

test("what does not arrive in time is told so, with a code, and its connection ends", () => {
  const late = ["HANDSHAKE_TIMEOUT", "the request did not arrive within 0.2 s"];
  expect(answeredAfter(201, false)).toEqual(expect.arrayContaining([["Connection", "close"], 408, late]));
  expect([answeredAfter(199, false), answeredAfter(201, true)]).toEqual([[], []]);
});

test("an image has minutes to arrive, and nothing else has", async () => {
  const put = (path: string): number | undefined => imageArrivesWithin({ method: "PUT", path } as Request);
  expect([put("/api/rooms/a%20b/blobs/sha256-0"), put("/api/rooms/a/content"), put("/api/rooms/a/blobs/b/c")]).toEqual([
    300_000,
    undefined,
    undefined,
  ]);
  const edge = await anEdge();
  expect(edge.http.requestTimeout).toBeGreaterThan(300_000);
  await edge.close();
});
