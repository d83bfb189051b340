import { afterEach, describe, expect, test } from "vitest";
import { blobBytesMax, type BlobName } from "@inkmesh/shared/base/blob-name";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import type { RoomRequest } from "../../../server/core/input.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

const asked: RoomRequest[] = [];
const name = `sha256-${"0123456789abcdef".repeat(4)}` as BlobName;
const [png, gif] = [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2), new TextEncoder().encode("GIF89a…")];
const saved = { type: "blob-saved", durability: { copies: 2, replicas: 3, needed: 2 } } as const;

async function answering(answer: RoomAnswer): Promise<string> {
  asked.length = 0;
  edge = await anEdge({
    answer: (ask) => {
      asked.push(ask);
      return answer;
    },
  });
  return `${edge.address}/api/rooms/a%20note/blobs/${name}`;
}

async function refusal(answer: Response): Promise<unknown> {
  const { error } = (await answer.json()) as { error: { code: string; detail: string } };
  return [answer.status, error.code, error.detail];
}

test.each([undefined, "image/png", "application/json", "text/html"])(
  "an image that is sent as %s is asked to be kept as it is",
  async (type) => {
    const url = await answering(saved);
    const answer = await fetch(url, { method: "PUT", body: png, headers: type === undefined ? {} : { "Content-Type": type } });
    expect([answer.status, await answer.json()]).toEqual([200, { saved: { copies: 2, replicas: 3, needed: 2 } }]);
    expect(asked).toEqual([{ type: "keep-blob", room: "a note", name, bytes: png }]);
  },
);

test("what is no name, nothing, or too large is refused with a sentence, and nobody is asked", async () => {
  const url = await answering(saved);
  const named = "an image is named sha256- and 64 lower-case hex digits";
  for (const other of [name.toUpperCase(), `${name}0`, "picture.png"])
    for (const init of [{}, { method: "PUT", body: png }])
      expect(await refusal(await fetch(url.replace(name, other), init))).toEqual([400, "BAD_REQUEST", named]);
  expect(await refusal(await fetch(url, { method: "PUT" }))).toEqual([400, "BAD_REQUEST", "the body is the image"]);
  const tooLarge = await fetch(url, { method: "PUT", body: new Uint8Array(blobBytesMax + 1) });
  expect(await refusal(tooLarge)).toEqual([413, "BLOB_TOO_BIG", `limit ${blobBytesMax} bytes`]);
  expect(asked).toEqual([]);
});

test.each<[RoomAnswer, number, boolean]>([
  [{ type: "refused", refusal: { code: "NOT_CONFIRMED", detail: "" } }, 503, true],
  [{ type: "refused", refusal: { code: "BLOB_MISMATCH", detail: "" } }, 400, false],
  [{ type: "refused", refusal: { code: "TOO_MANY_BLOBS", detail: "" } }, 413, false],
  [{ type: "refused", refusal: { code: "BLOB_NOT_FOUND", detail: "" } }, 404, true],
  [{ type: "refused", refusal: { code: "BLOB_NOT_REACHED", detail: "" } }, 503, true],
])("%j is told with its status, and is not kept by anybody", async (answer, status, retryable) => {
  const url = await answering(answer);
  for (const init of [{}, { method: "PUT", body: png }]) {
    const told = await fetch(url, init);
    expect([told.status, told.headers.get("Cache-Control"), await told.json()]).toMatchObject([
      status,
      "no-store",
      { error: { retryable } },
    ]);
  }
});

test("an image is shown as what its bytes are, may be kept for ever, and runs nothing", async () => {
  const url = await answering({ type: "blob", bytes: png });
  for (const method of ["GET", "HEAD"]) {
    const answer = await fetch(url, { method });
    const header = (each: string): string | null => answer.headers.get(each);
    expect([answer.status, header("Content-Type"), header("Content-Length"), header("ETag")]).toEqual([
      200,
      "image/png",
      "10",
      `"${name}"`,
    ]);
    expect([header("Cache-Control"), header("X-Content-Type-Options")]).toEqual(["private, max-age=31536000, immutable", "nosniff"]);
    expect([header("Content-Security-Policy"), header("Content-Disposition")]).toEqual(["default-src 'none'; sandbox", null]);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(method === "GET" ? png : new Uint8Array());
  }
  expect(asked).toEqual(Array.from({ length: 2 }, () => ({ type: "blob", room: "a note", name })));
  const again = await fetch(url, { headers: { "If-None-Match": `"${name}"` } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test.each(["<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "<!doctype html><script></script>", "%PDF-1.7"])(
  "what could carry a program is no image but a file: %s",
  async (text) => {
    const url = await answering({ type: "blob", bytes: new TextEncoder().encode(text) });
    const answer = await fetch(url);
    const header = (each: string): string | null => answer.headers.get(each);
    expect([header("Content-Type"), header("Content-Disposition")]).toEqual(["application/octet-stream", "attachment"]);
    expect(header("X-Content-Type-Options")).toBe("nosniff");
  },
);

test("who has an image is told so, and nobody looks for it", async () => {
  const url = await answering({ type: "refused", refusal: { code: "BLOB_NOT_FOUND", detail: "" } });
  const answer = await fetch(url, { headers: { "If-None-Match": `"${name}"` } });
  expect([answer.status, answer.headers.get("ETag"), asked]).toEqual([304, `"${name}"`, []]);
  expect((await fetch(url, { headers: { "If-None-Match": "*" } })).status).toBe(404);
});

test("few are sent at a time, half of them to one address, and that keeps nobody from putting one", async () => {
  asked.length = 0;
  edge = await anEdge({ answer: (ask) => (ask.type === "keep-blob" ? saved : void asked.push(ask)), requestsMax: 64 });
  const url = `${edge.address}/api/rooms/note/blobs/${name}`;
  const gone = new AbortController();
  const waiting = Array.from({ length: 16 }, () => fetch(url, { signal: gone.signal }).catch(() => undefined));
  await expect.poll(() => asked.length).toBe(16);
  expect(await refusal(await fetch(url))).toEqual([503, "RELAY_BUSY", "16 images are on their way already"]);
  expect((await fetch(url, { method: "PUT", body: png })).status).toBe(200);
  gone.abort();
  await Promise.all(waiting);
  await expect.poll(async () => (await fetch(`${url}0`)).status).toBe(400);
});

test("few bytes are taken in at a time", async () => {
  asked.length = 0;
  edge = await anEdge({ answer: (ask) => void asked.push(ask), requestsMax: 64 });
  const url = `${edge.address}/api/rooms/note/blobs/${name}`;
  const gone = new AbortController();
  const large = { method: "PUT", body: new Uint8Array(blobBytesMax) };
  const waiting = Array.from({ length: 4 }, () => fetch(url, { ...large, signal: gone.signal }).catch(() => undefined));
  await expect.poll(() => asked.length).toBe(4);
  expect(await refusal(await fetch(url, { method: "PUT", body: png }))).toEqual([
    503,
    "RELAY_BUSY",
    "many images are on their way already",
  ]);
  gone.abort();
  await Promise.all(waiting);
  await expect.poll(async () => (await fetch(`${url}0`, { method: "PUT", body: png })).status).toBe(400);
});

describe("an image is told by how it begins", () => {
  const text = (words: string): number[] => [...new TextEncoder().encode(words)];
  test.each<[string | undefined, readonly number[]]>([
    ["image/png", [...png]],
    ["image/jpeg", [0xff, 0xd8, 0xff, 0xe0]],
    ["image/gif", [...gif]],
    ["image/gif", text("GIF87a")],
    ["image/webp", [...text("RIFF"), 1, 2, 3, 4, ...text("WEBPVP8 ")]],
    ["image/avif", [0, 0, 0, 28, ...text("ftypavif")]],
    ["image/avif", [0, 0, 0, 28, ...text("ftypavis")]],
    [undefined, [0, 0, 0, 28, ...text("ftypmp42")]],
    [undefined, [...text("RIFF"), 1, 2, 3, 4, ...text("WAVE")]],
    [undefined, png.slice(0, 7) as unknown as number[]],
    [undefined, [0xff, 0xd8]],
    [undefined, []],
  ])("%s: %j", (type, bytes) => {
    expect(imageTypeOf(Uint8Array.from(bytes))).toBe(type);
  });
});
