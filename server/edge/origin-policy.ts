/**
 * OriginPolicy: from which pages a browser may connect or change something.
 *
 * A WebSocket is not bound by the same-origin policy, so any page that somebody visits could speak to a relay on their
 * machine or network; browsers say truthfully where a page is from, and that is checked before the upgrade (CWE-1385).
 * Allowed: this relay's own pages (the origin's host is the request's), pages of this machine, those of the mesh's other relays (whose
 * clients go on here when theirs is lost), and what the operator named. A request without an origin is no browser's.
 */
const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** One that may stand in a header among others. */
const plainOrigin = /^https?:\/\/[a-z0-9.:[\]-]+$/;

export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #relays: () => readonly string[];

  /** `relays`: WebSocket addresses of the other relays, as they are known at the moment. */
  constructor(allowed: readonly string[], relays: () => readonly string[]) {
    this.#allowed = new Set(allowed);
    this.#relays = relays;
  }

  /** `origin` and `host` as the request's headers say them. */
  allows(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true;
    if (this.#allowed.has(origin)) return true;
    const page = pageAddress(origin);
    if (page === undefined) return false;
    return loopbackHosts.has(page.hostname) || page.host === host?.toLowerCase() || this.isOfRelay(origin);
  }

  /** Whether the page comes from another relay of the mesh, whose loopback has as many names as everybody's. */
  isOfRelay(origin: string): boolean {
    const page = pageAddress(origin);
    return page !== undefined && this.relayOrigins().some((relay) => asOneLoopback(relay) === asOneLoopback(page.origin));
  }

  /** Where the other relays serve their pages from. */
  relayOrigins(): readonly string[] {
    const origins = this.#relays().map((relay) => (URL.canParse(relay) ? new URL(relay.replace(/^ws/, "http")).origin : ""));
    return origins.filter((origin) => plainOrigin.test(origin));
  }
}

function asOneLoopback(origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  return loopbackHosts.has(hostname) ? `${protocol}//localhost:${port}` : origin;
}

/** The origin as an address; undefined for `null`, other schemes, and what carries more than an origin. */
function pageAddress(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const page = new URL(origin);
  const web = page.protocol === "http:" || page.protocol === "https:";
  return web && page.origin === origin.toLowerCase() ? page : undefined;
}
