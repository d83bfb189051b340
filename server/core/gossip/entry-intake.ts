/**
 * EntryIntake: lets in the entries of one room that other relays send, in the order that `causal-delivery.ts` finds, and asks for
 * those that are missing.
 *
 * Invariants: nothing is let in while the disk takes nothing; what was passed over is let in as this relay's own, under another dot.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";
import { CausalDelivery, type DeliveryStep } from "./causal-delivery.ts";
import type { PrunedNames } from "./pruned-names.ts";
import type { RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";
import type { RoomRepair } from "./room-repair.ts";

interface EntryIntakeOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  readonly place: RoomPlace;
  readonly repair: RoomRepair;
  readonly names: Pick<PrunedNames, "known">;
  /** The room is to be compared again. */
  readonly changed: () => void;
}

export class EntryIntake {
  readonly #options: EntryIntakeOptions;
  readonly #delivery: CausalDelivery;

  constructor(options: EntryIntakeOptions) {
    const { context, copy, place, names } = options;
    this.#options = options;
    this.#delivery = new CausalDelivery({
      self: context.self,
      limits: context.placement.limits,
      room: { known: () => copy.content.clock.join(names.known()), replicas: () => place.replicas },
    });
  }

  /** Whether entries wait for others. */
  get isHolding(): boolean {
    return this.#delivery.size > 0;
  }

  nextDeadline(): number {
    return this.#delivery.nextDeadline();
  }

  /** Whether they were looked at. */
  came(from: ActorId, { entries, upstream }: Extract<MeshRoomMessage, { type: "entries" }>): boolean {
    const { context, copy, repair, changed } = this.#options;
    if (!copy.isOpen) return false;
    if (context.store.refusal !== undefined) {
      // The disk takes nothing now: it asks when it does.
      changed();
      return false;
    }
    for (const { dot, hlc } of entries) if (relayOf(dot.actor) === relayOf(from)) context.offsets.heard(hlc, context.now.wallMs);
    for (const entry of entries) this.#follow(this.#delivery.offer(entry, { sender: relayOf(from), upstream }, this.#nowMs));
    repair.landed();
    return true;
  }

  /** `relay` has not got what it was asked for, or is gone. */
  unanswered(relay: RelayId, actor: ActorId | undefined): void {
    this.#follow(this.#delivery.unanswered(relay, actor, this.#nowMs));
  }

  /** More is here by other means. */
  advanced(): void {
    this.#follow(this.#delivery.advanced(this.#nowMs));
  }

  expire(): void {
    const { copy, context } = this.#options;
    for (const entry of copy.isOpen ? this.#delivery.overdue(this.#nowMs) : []) {
      if (copy.takeContent(entry.payload, "whole") !== "all") continue;
      this.#delivery.passedOver(entry.dot);
      context.report({ type: "passed-over", room: copy.lineage.room });
      this.advanced();
    }
    this.#follow(this.#delivery.expire(this.#nowMs));
  }

  #follow(steps: readonly DeliveryStep[]): void {
    const { context, copy, repair } = this.#options;
    for (const step of steps) {
      if (step.type === "deliver") this.#take(step.entry);
      else if (step.type === "exchange") repair.request(step.with);
      else {
        const actor = context.peers.lifeOf(step.of);
        if (actor !== undefined) context.peers.tell(actor, { type: "want", lineage: copy.lineage, run: step.run });
      }
    }
  }

  #take(entry: Entry): void {
    const { copy, names } = this.#options;
    const { actor } = entry.dot;
    const pruned = names.known().counter(actor);
    // It writes on though it needed no name any more.
    if (pruned > copy.content.clock.counter(actor)) copy.takeClock(VectorClock.of([[actor, pruned]]));
    copy.takeEntry(entry);
  }

  get #nowMs(): number {
    return this.#options.context.now.monotonicMs;
  }
}
