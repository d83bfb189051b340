/**
 * LateFiles: files of the app that are too big to be fetched onto every device: Automerge's WebAssembly, 3.6 MB (1.2 MB on the line, more than all the
 * rest together), which only notes and boards need. A page that has used one keeps it here (`keepLateFile`), also when it came before there was a
 * service worker; a device that has one gets that of the next version before that version is used, so that what opened without a relay goes on to.
 *
 * Their names have a hash in them: a file that is here is the right one.
 */
const cacheName = "inkmesh-late-files";

type Caches = Pick<CacheStorage, "has" | "open">;

/** For a page that uses the file. Rejects where this device keeps nothing, or no more. */
export async function keepLateFile(caches: Caches, url: string): Promise<void> {
  const cache = await caches.open(cacheName);
  // The browser has it from just now: it is not fetched twice.
  if ((await cache.match(url)) === undefined) await cache.add(url);
}

/** Those of one version; `urls` are paths. */
export class LateFiles {
  readonly #urls: ReadonlySet<string>;
  readonly #caches: Caches;

  constructor(urls: readonly string[], caches: Caches) {
    this.#urls = new Set(urls);
    this.#caches = caches;
  }

  isOne({ pathname }: URL): boolean {
    return this.#urls.has(pathname);
  }

  /** The file, if this device keeps it. */
  async kept(request: Request | string): Promise<Response | undefined> {
    return (await this.#caches.has(cacheName)) ? (await this.#caches.open(cacheName)).match(request) : undefined;
  }

  /** For a version that is being installed: fetches its own where the version before has any. Rejects where that does not go. */
  async takeAlong(): Promise<void> {
    const isUsed = (await this.#caches.has(cacheName)) && (await (await this.#caches.open(cacheName)).keys()).length > 0;
    if (isUsed) for (const url of this.#urls) await keepLateFile(this.#caches, url);
  }

  /** For a version that is in use from now on. */
  async dropOthers(): Promise<void> {
    if (!(await this.#caches.has(cacheName))) return;
    const cache = await this.#caches.open(cacheName);
    for (const request of await cache.keys()) if (!this.isOne(new URL(request.url))) await cache.delete(request);
  }
}
