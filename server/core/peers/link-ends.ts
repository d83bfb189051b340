/**
 * LinkEnds: who is at the other end of each socket, for people: where it leads, who was proven to be there, and what that one runs.
 *
 * Invariant: a link is opened once, and known from then on until it is closed.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { ActorId, LinkId } from "@inkmesh/shared/base/ids";

interface LinkEnd {
  readonly remote: string;
  readonly dialled: string | undefined;
  /** Undefined until it is proven, as is what both speak then. */
  peer: ActorId | undefined;
  version: number | undefined;
  /** Undefined until it says so. */
  release: string | undefined;
}

export class LinkEnds {
  readonly #ends = new Map<LinkId, LinkEnd>();

  opened(link: LinkId, { remote, dialled }: Pick<LinkEnd, "remote" | "dialled">): void {
    assert(!this.#ends.has(link), "a link is opened once");
    this.#ends.set(link, { remote, dialled, peer: undefined, version: undefined, release: undefined });
  }

  proven(link: LinkId, peer: ActorId, version: number): void {
    Object.assign(this.of(link), { peer, version });
  }

  runs(link: LinkId, release: string): void {
    this.of(link).release = release;
  }

  /** The end of a link that is open. */
  of(link: LinkId): LinkEnd {
    const end = this.#ends.get(link);
    assert(end !== undefined, "a link that is spoken of was opened");
    return end;
  }

  find(link: LinkId | undefined): LinkEnd | undefined {
    return link === undefined ? undefined : this.#ends.get(link);
  }

  /** Whether it was open. */
  closed(link: LinkId): boolean {
    return this.#ends.delete(link);
  }
}
