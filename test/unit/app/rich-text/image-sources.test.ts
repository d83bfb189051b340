import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { BlobAnswer } from "@inkmesh/client";
import { ImageSources, type ImageState } from "../../../../client/app/rich-text/image-sources.ts";

const png = Uint8Array.from("\x89PNG\r\n\x1a\n", (letter) => letter.charCodeAt(0));
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

let answers: BlobAnswer[];
let asked: string[];
let synced: () => void;
let made: Set<string>;

beforeEach(() => {
  vi.useFakeTimers();
  [answers, asked, made] = [[], [], new Set()];
  let count = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    const url = `blob:${(count += 1)}`;
    made.add(url);
    return url;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void made.delete(url));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function someSources(): ImageSources {
  const get = (name: string): Promise<BlobAnswer> => {
    asked.push(name);
    return Promise.resolve(answers.shift() ?? { type: "offline" });
  };
  const on = (_: string, listener: () => void) => {
    synced = listener;
    return () => {};
  };
  return new ImageSources({ blobs: { get }, on } as never);
}

it("an image is asked for once, however often it stands in the document, and its memory is given back", async () => {
  const sources = someSources();
  answers.push({ type: "found", bytes: png });
  const states: ImageState[] = [];
  const ends = [sources.watch("a", (state) => states.push(state)), sources.watch("a", (state) => states.push(state))];
  await pass(0);
  expect([asked, states.at(-1), states.at(-2)]).toEqual([["a"], { type: "shown", url: "blob:1" }, { type: "shown", url: "blob:1" }]);
  ends[0]!();
  await pass(0);
  expect([...made]).toEqual(["blob:1"]);
  ends[1]!();
  await pass(0);
  expect([...made]).toEqual([]);
});

it("what cannot be had at first is no failure yet, is one after a while, and is asked for at once when the line is back", async () => {
  const sources = someSources();
  let state: ImageState | undefined;
  sources.watch("a", (told) => (state = told));
  await pass(1_500);
  expect([state, asked.length]).toEqual([{ type: "loading" }, 2]);
  await pass(2_000);
  expect([state, asked.length]).toEqual([{ type: "failed", failure: { type: "offline" } }, 3]);
  await pass(600_000);
  expect(asked.length).toBeLessThan(20);
  answers.push({ type: "found", bytes: png });
  synced();
  await pass(0);
  expect(state).toEqual({ type: "shown", url: "blob:1" });
});

it("bytes that are no image of a known kind are never shown as one, and not asked for again", async () => {
  const sources = someSources();
  answers.push({ type: "found", bytes: Uint8Array.from("<svg>", (letter) => letter.charCodeAt(0)) });
  let state: ImageState | undefined;
  sources.watch("a", (told) => (state = told));
  await pass(0);
  synced();
  await pass(120_000);
  expect([state, asked.length, made.size]).toEqual([{ type: "failed", failure: { type: "unreadable" } }, 1, 0]);
});

it("[P8] a few are asked for at a time, and all come", async () => {
  const open: (() => void)[] = [];
  const slow = new ImageSources({
    blobs: {
      get: (name: string) => (
        asked.push(name),
        new Promise<BlobAnswer>((resolve) => open.push(() => resolve({ type: "found", bytes: png })))
      ),
    },
    on: () => () => {},
  } as never);
  for (let image = 0; image < 10; image++) slow.watch(`image ${image}`, () => {});
  await pass(0);
  expect(asked).toHaveLength(4);
  while (open.length > 0) {
    open.shift()!();
    await pass(0);
  }
  expect(asked).toHaveLength(10);
  slow.close();
  expect(made.size).toBe(0);
});
