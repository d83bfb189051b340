import type { InkmeshRoom } from "@inkmesh/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { setTitle } from "../../../client/app/document-meta.ts";
import { mirrorTitle } from "../../../client/app/title-mirror.ts";

/** A relay that takes its time, and what it was told. */
let told: string[];
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    if (init.method === "PATCH") told.push((JSON.parse(init.body as string) as { title: string }).title);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return Response.json({ room: "r", title: "", kind: "text" });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function aRoom(): InkmeshRoom {
  return { name: "r", doc: new Y.Doc(), status: { phase: "saved" }, on: () => () => undefined } as unknown as InkmeshRoom;
}

it("a title that is finished while the relay still answers about its beginning is told, too", async () => {
  const room = aRoom();
  const stop = mirrorTitle(room);
  setTitle(room.doc, "Fer");
  await vi.advanceTimersByTimeAsync(3_500);
  expect(told).toEqual(["Fer"]);
  setTitle(room.doc, "Ferry plan");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["Fer", "Ferry plan"]);
  stop();
});

it("a document that is left tells nothing more", async () => {
  const room = aRoom();
  const stop = mirrorTitle(room);
  setTitle(room.doc, "Fer");
  await vi.advanceTimersByTimeAsync(3_500);
  setTitle(room.doc, "Ferry plan");
  await vi.advanceTimersByTimeAsync(700);
  stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["Fer"]);
});
