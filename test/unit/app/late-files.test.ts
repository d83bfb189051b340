import { beforeEach, expect, it } from "vitest";
import { keepLateFile, LateFiles } from "../../../client/app/service-worker/late-files.ts";

const origin = "http://relay.test";

/** The part of a browser's caches that is needed; what it is told to add comes from `served`. */
class MemoryCaches {
  served = new Map<string, string>();
  readonly fetched: string[] = [];
  readonly #caches = new Map<string, Map<string, string>>();

  has(name: string): Promise<boolean> {
    return Promise.resolve(this.#caches.has(name));
  }

  open(name: string): Promise<Cache> {
    const files = this.#caches.get(name) ?? new Map<string, string>();
    this.#caches.set(name, files);
    const address = (request: Request | string) => new URL(typeof request === "string" ? request : request.url, origin).href;
    return Promise.resolve({
      match: (request: Request | string) => {
        const text = files.get(address(request));
        return Promise.resolve(text === undefined ? undefined : new Response(text));
      },
      add: (url: string) => {
        this.fetched.push(url);
        const text = this.served.get(url);
        if (text === undefined) return Promise.reject(new TypeError("no such file"));
        files.set(address(url), text);
        return Promise.resolve();
      },
      keys: () => Promise.resolve([...files.keys()].map((url) => new Request(url))),
      delete: (request: Request) => Promise.resolve(files.delete(request.url)),
    } as unknown as Cache);
  }
}

let caches: MemoryCaches;
beforeEach(() => {
  caches = new MemoryCaches();
  caches.served = new Map([
    ["/assets/one-1.wasm", "one"],
    ["/assets/two-2.wasm", "two"],
  ]);
});

const keptBy = async (files: LateFiles, url: string) => (await files.kept(url))?.text();

it("a device that never used a late file gets none with a new version", async () => {
  const version = new LateFiles(["/assets/one-1.wasm"], caches);
  await version.takeAlong();
  expect(caches.fetched).toEqual([]);
  expect(await keptBy(version, "/assets/one-1.wasm")).toBeUndefined();
});

it("[P7] what a page has used is here without a relay, and fetched once", async () => {
  await keepLateFile(caches, "/assets/one-1.wasm");
  await keepLateFile(caches, "/assets/one-1.wasm");
  expect(caches.fetched).toEqual(["/assets/one-1.wasm"]);
  expect(await keptBy(new LateFiles(["/assets/one-1.wasm"], caches), "/assets/one-1.wasm")).toBe("one");
});

it("[P7] a version that is to be used has its own before it is, and the one before keeps its own until then", async () => {
  const [before, next] = [new LateFiles(["/assets/one-1.wasm"], caches), new LateFiles(["/assets/two-2.wasm"], caches)];
  await keepLateFile(caches, "/assets/one-1.wasm");
  await next.takeAlong();
  expect([await keptBy(before, "/assets/one-1.wasm"), await keptBy(next, "/assets/two-2.wasm")]).toEqual(["one", "two"]);
  await next.dropOthers();
  expect([await keptBy(before, "/assets/one-1.wasm"), await keptBy(next, "/assets/two-2.wasm")]).toEqual([undefined, "two"]);
});

it("[P7] a version whose file cannot be had is not installed", async () => {
  await keepLateFile(caches, "/assets/one-1.wasm");
  await expect(new LateFiles(["/assets/gone-3.wasm"], caches).takeAlong()).rejects.toThrow("no such file");
});
