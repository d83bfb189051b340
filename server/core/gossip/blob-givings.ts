/**
 * BlobGivings: images that other relays fetch from this one. Each asks for a stretch at a time, and for the next one when that has come: so a slow
 * link has little of an image before it, and nothing is given that nobody waits for.
 *
 *     asked for ──read──▶ in memory ──stretches──▶ the last slice: over          no word for `idleMs`, or asked for another: over
 *
 * Invariants: one image at a time for one relay, and `givenMax` for all; each question is answered: with slices, with that it is not here, or with
 * that it cannot be said now.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type ActorId, type Lineage } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";

/** Bytes of one slice: as of differences, small beside a link's window. */
const sliceBytes = 32_768;
/** Bytes that one question is answered with: at 50 ms there and back 5 MB a second, and 2 seconds of a line of 1 Mbit/s. */
export const stretchBytes = 8 * sliceBytes;
/** Images in memory for it, of up to 8 MiB. */
const givenMax = 16;
/** Milliseconds for which one stays there that is not asked for. */
const idleMs = 10_000;

type Request = Extract<MeshBlobMessage, { type: "blob-request" }>;
type Read = (lineage: Lineage, name: BlobName, then: (result: Result<Uint8Array | undefined>) => void) => void;

interface Giving {
  readonly request: Request;
  /** Undefined while it is read. */
  bytes: Uint8Array | undefined;
  untilMs: number;
}

export class BlobGivings {
  readonly #context: RelayContext;
  readonly #read: Read;
  readonly #givings = new Map<ActorId, Giving>();

  constructor(context: RelayContext, read: Read) {
    this.#context = context;
    this.#read = read;
  }

  requested(to: ActorId, request: Request): void {
    const known = this.#givings.get(to);
    const isKnown = known !== undefined && isSame(known.request, request);
    if (isKnown && known.bytes !== undefined) return this.#give(to, known, known.bytes, request.from);
    if (isKnown) return;
    this.#givings.delete(to);
    if (this.#givings.size >= givenMax) return this.#lack(to, request, true);
    const giving: Giving = { request, bytes: undefined, untilMs: Number.POSITIVE_INFINITY };
    this.#givings.set(to, giving);
    this.#read(request.lineage, request.name, (result) => {
      if (this.#givings.get(to) !== giving) return;
      if (result.ok && result.value !== undefined) return this.#give(to, giving, result.value, request.from);
      this.#givings.delete(to);
      this.#lack(to, request, !result.ok);
    });
  }

  linkDown(actor: ActorId): void {
    this.#givings.delete(actor);
  }

  ended(lineage: Lineage): void {
    for (const [actor, { request }] of this.#givings)
      if (lineageKey(request.lineage) === lineageKey(lineage)) {
        this.#givings.delete(actor);
        this.#lack(actor, request, false);
      }
  }

  due(): void {
    for (const [actor, { untilMs }] of this.#givings) if (untilMs <= this.#context.now.monotonicMs) this.#givings.delete(actor);
  }

  nextDeadline(): number {
    return Math.min(...[...this.#givings.values()].map(({ untilMs }) => untilMs));
  }

  #give(to: ActorId, giving: Giving, blob: Uint8Array, from: number): void {
    const { lineage, exchange } = giving.request;
    giving.bytes = blob;
    giving.untilMs = this.#context.now.monotonicMs + idleMs;
    const endAt = Math.min(from + stretchBytes, blob.length);
    let at = from;
    // One of no bytes is one part, too.
    do {
      const bytes = blob.subarray(at, Math.min(at + sliceBytes, endAt));
      at += bytes.length;
      this.#context.peers.tell(to, { type: "blob-part", lineage, exchange, remaining: Math.max(0, blob.length - at), bytes });
    } while (at < endAt);
    if (endAt >= blob.length) this.#givings.delete(to);
  }

  #lack(to: ActorId, { lineage, exchange }: Request, isBusy: boolean): void {
    this.#context.peers.tell(to, { type: "blob-absent", lineage, exchange, isBusy });
  }
}

function isSame(one: Request, other: Request): boolean {
  return one.exchange === other.exchange && one.name === other.name && lineageKey(one.lineage) === lineageKey(other.lineage);
}
