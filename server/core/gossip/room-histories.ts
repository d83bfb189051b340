/**
 * RoomHistories: how documents came to be, among the relays that hold them: who asks whom for what, and what the disk is asked for it.
 *
 *     took over a state ──▶ HistoryFetches ──history-request──▶ whoever may have it ──its disk──▶ history-part… ──▶ this disk
 *     a look at the disk ─┘
 *     to be dropped ──▶ HistoryProofs ──history-offer──▶ each replica: HistoryFetches … history-covered
 *
 * That something is lacking in a history is on the disk, and nowhere else: a relay that starts, or could not reach anybody, finds it by looking
 * (`look`), a few documents a second, when a link comes and every `sweepMs`.
 *
 * Histories are on the disk and not in rooms: nothing here loads a document, and nothing is kept in memory but what is under way.
 *
 * Invariants: what is told comes from the disk; at most `servedMax` pieces are read for one relay at a time; a relay that keeps no histories
 * fetches none and looks for none, and gives what it has.
 */
import type { ActorId, Lineage, RingId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import type { RelayContext } from "../relay-context.ts";
import type { CoveredHistory, TakenHistory } from "../stored-history.ts";
import { HistoryFetches } from "./history-fetches.ts";
import { HistoryProofs } from "./history-proofs.ts";

/** Bytes of one slice: as of differences, small beside a link's window. */
const sliceBytes = 32_768;
/** Pieces that are read for one relay at a time: it asks for no more than it can take in. */
const servedMax = 4;
/** Documents that one look at the disk goes over. */
const lookedAtMax = 16;

export class RoomHistories {
  readonly proofs: HistoryProofs;
  readonly fetches: HistoryFetches;
  readonly #context: RelayContext;
  readonly #served = new Map<ActorId, number>();
  /** When the disk is looked at again, behind which document; a look is under way while `lookMs` is undefined. */
  #lookMs: number | undefined = Number.POSITIVE_INFINITY;
  #after = 0;

  constructor(context: RelayContext) {
    this.#context = context;
    this.proofs = new HistoryProofs(context);
    this.fetches = new HistoryFetches(context);
  }

  /** This disk has more of a document than entries say. */
  note(lineage: Lineage): void {
    this.fetches.note(lineage);
    this.#schedule();
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(): void {
    const { limits } = this.#context.placement;
    if (this.#lookMs !== undefined) this.#lookMs = Math.min(this.#lookMs, this.#nowMs + limits.compareChangedMs);
    this.#schedule();
  }

  peerDown(actor: ActorId): void {
    this.#served.delete(actor);
    this.proofs.linkDown(actor);
    this.fetches.linkDown(actor);
    this.#schedule();
  }

  ringChanged(): void {
    this.proofs.ringChanged();
    this.peerUp();
  }

  received(from: ActorId, ring: RingId, message: MeshHistoryMessage): void {
    if (message.type === "history-request") this.#requested(from, message);
    else if (message.type === "history-part") this.fetches.partCame(from, message);
    else if (message.type === "history-offer") this.fetches.offerCame(from, message);
    else this.proofs.covered(from, ring, message);
    this.#schedule();
  }

  #requested(from: ActorId, message: Extract<MeshHistoryMessage, { type: "history-request" }>): void {
    const served = this.#served.get(from) ?? 0;
    if (served >= servedMax) return;
    this.#served.set(from, served + 1);
    const { lineage, exchange, clock, base, told, wantsBase } = message;
    const seq = this.#context.pieces.ask((result) => {
      const left = (this.#served.get(from) ?? 1) - 1;
      if (left > 0) this.#served.set(from, left);
      else this.#served.delete(from);
      if (result.ok) this.#give(from, { lineage, exchange }, result.value);
    });
    this.#context.effect({ type: "draft-piece", seq, lineage, ask: { clock, base, told, wantsBase } });
  }

  #give(to: ActorId, of: { readonly lineage: Lineage; readonly exchange: number }, piece: Uint8Array): void {
    for (let from = 0; from < piece.length; from += sliceBytes) {
      const bytes = piece.subarray(from, from + sliceBytes);
      this.#context.peers.tell(to, { type: "history-part", ...of, remaining: piece.length - from - bytes.length, bytes });
    }
  }

  // -- the disk --------------------------------------------------------------------------------------------------------

  readCoverage(lineage: Lineage, then: (result: Result<CoveredHistory>) => void): void {
    const seq = this.#context.coverages.ask((result) => this.#answered(() => then(result)));
    this.#context.effect({ type: "read-coverage", seq, lineage, sinceMs: this.#sinceMs });
  }

  takePiece(lineage: Lineage, piece: Uint8Array, then: (result: Result<TakenHistory>) => void): void {
    const seq = this.#context.takings.ask((result) => {
      if (result.ok && result.value.isNew) this.proofs.grown(lineage);
      this.#answered(() => then(result));
    });
    this.#context.effect({ type: "take-piece", seq, lineage, piece, sinceMs: this.#sinceMs });
  }

  #look(): void {
    const { limits } = this.#context.placement;
    this.#lookMs = undefined;
    const seq = this.#context.gaps.ask((result) => {
      const next = result.ok ? result.value.next : undefined;
      this.#after = next ?? 0;
      this.#lookMs = this.#nowMs + (next === undefined ? limits.sweepMs : limits.compareChangedMs);
      for (const lineage of result.ok ? result.value.lineages : []) this.fetches.note(lineage);
      this.#schedule();
    });
    this.#context.effect({ type: "find-gaps", seq, after: this.#after, limit: lookedAtMax });
  }

  #answered(then: () => void): void {
    then();
    this.fetches.due();
    this.#schedule();
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  due(): void {
    this.fetches.due();
    if (this.#isLooking && this.#lookMs !== undefined && this.#lookMs <= this.#nowMs) this.#look();
    this.#schedule();
  }

  #schedule(): void {
    const { deadlines } = this.#context;
    const lookMs = this.#isLooking ? (this.#lookMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const atMs = Math.min(lookMs, this.fetches.nextDeadline());
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear({ type: "fetch-histories" });
    else deadlines.set({ type: "fetch-histories" }, Math.max(atMs, this.#nowMs));
  }

  /** Not while what was found before waits. */
  get #isLooking(): boolean {
    const { placement, peers } = this.#context;
    return placement.limits.keptHistoryMs > 0 && peers.linked.length > 0 && this.fetches.size < lookedAtMax;
  }

  /** What is older is not to be kept. */
  get #sinceMs(): number {
    return this.#context.now.wallMs - this.#context.placement.limits.keptHistoryMs;
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}
