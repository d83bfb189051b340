/**
 * HandOver: gives what is here of a room that is placed elsewhere to its replicas, the record with it, while nobody here has it open; on a
 * relay that leaves also while somebody has.
 *
 * They are asked what they have on disk, which has this relay send them what it wrote and they lack, and are compared with, which has
 * them ask for the rest. As long as that may still lead to something the room stays in memory.
 *
 * Invariants: it is over when every replica is certain to hold everything and the record, or after `exchangeAgainMs`. What a replica said counts on
 * the link on which it said it; of entries also only under the ring under which it said it.
 */
import { relayOf, type RelayId } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "../relay-context.ts";
import type { AskedReplicas } from "./asked-replicas.ts";
import type { RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";
import type { RoomRepair } from "./room-repair.ts";

interface HandOverOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  readonly place: RoomPlace;
  readonly asked: AskedReplicas;
  readonly repair: RoomRepair;
  /** The replicas that certainly have on disk all entries that are on this one. */
  readonly holders: () => readonly RelayId[];
  /** It is looked at whether something is owed. */
  readonly changed: () => void;
}

export class HandOver {
  readonly #options: HandOverOptions;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#options.context.now.monotonicMs < this.#untilMs;
  }

  /** Whether it is placed elsewhere, and all that is on this disk is certain to be on every replica's; of a relay that leaves the record, the history and the images, too. */
  get isDone(): boolean {
    const { context, copy, place, holders } = this.#options;
    if (place.isReplica) return false;
    // Of a room that was deleted there is the record, and nothing else.
    const isContentThere = !copy.isOpen || holders().length === place.replicas.length;
    if (!context.placement.isLeaving) return isContentThere;
    if (!isContentThere || !copy.recordCopies.isOnAll) return false;
    const { histories, blobs } = context;
    return !copy.isOpen || (!histories.proofs.isAwaited(copy.lineage, copy.log.durableClock) && blobs.proofs.isProven(copy.lineage));
  }

  /** The same of the record, the history and the images, too, wherever this relay stands: nothing would be lost with what is here. */
  get isProven(): boolean {
    const { context, copy } = this.#options;
    if (!this.isDone || !copy.recordCopies.isOnAll) return false;
    const { histories, blobs } = context;
    return !copy.isOpen || (histories.proofs.isProven(copy.lineage, copy.log.durableClock) && blobs.proofs.isProven(copy.lineage));
  }

  nextDeadline(): number {
    return this.isRunning ? this.#untilMs : Number.POSITIVE_INFINITY;
  }

  begin(): void {
    const { context, copy, place, asked, repair } = this.#options;
    this.#untilMs = context.now.monotonicMs + context.placement.limits.exchangeAgainMs;
    copy.recordCopies.handOver();
    if (copy.isOpen) asked.ask();
    if (copy.isOpen && context.placement.isLeaving) context.histories.proofs.prove(copy.lineage, copy.log.durableClock);
    // What is offered is handed over, too.
    if (copy.isOpen) context.blobs.proofs.prove(copy.lineage);
    // Of a deleted document, too: there may be a new one of its name, of which this relay has not heard.
    for (const actor of context.peers.linked) if (place.isOn(relayOf(actor))) repair.compareWith(actor);
    copy.touched();
    this.review();
  }

  /** Something came to be known of the replicas. */
  review(): void {
    if (!this.isRunning || !this.isDone) return;
    if (this.isProven) this.#untilMs = Number.NEGATIVE_INFINITY;
    this.#options.changed();
  }
}
