/**
 * NumberedIntake: how a session of our own protocol takes updates: in order, acknowledged and refused by number.
 *
 * An ack says on how many of the room's replicas everything up to the update's position is on disk: at once when this one has
 * it, and again when that grows. It counts as saved when enough have it; one for an update that was known already waits
 * for all that the room held at that moment, because "saved" must be true of what it repeats, too. A gap is answered
 * with what is on disk here, and the client sends, under the same number, everything beyond.
 *
 * Invariants: [P2] an ack never precedes the append; after a refusal nothing is taken until that number comes again; at
 * most `unackedPerSessionMax` updates wait for their ack.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { errorKind } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import { GapCount } from "./gap-count.ts";
import { NumberedUpdates } from "./numbered-updates.ts";
import type { TriedUpdate } from "./tried-update.ts";
import { reportRefusal, strike, type IntakeSession } from "./update-intake.ts";

export class NumberedIntake {
  readonly #session: IntakeSession;
  readonly #numbered = new NumberedUpdates();
  readonly #gaps: GapCount;
  #said = { number: 0, copies: 0 };

  constructor(session: IntakeSession) {
    this.#session = session;
    this.#gaps = new GapCount(session.context.limits);
  }

  /** Takes `updates`, of which the first has number `first`. */
  take(first: number, updates: readonly TriedUpdate[], kind: UpdateKind): void {
    const { line, isLive } = this.#session;
    const numbering = this.#numbered.receive(first, updates.length);
    if (numbering.type === "out-of-order")
      return line.refuse({ code: "OUT_OF_ORDER", detail: `update ${first}, expected ${numbering.expected}` });
    if (numbering.type === "take") {
      for (const update of updates.slice(numbering.from)) {
        if (!this.#takeNext(update, kind)) break;
      }
    }
    if (isLive()) this.durabilityChanged();
  }

  /** Says what is saved now, and how safe that is which is not yet. */
  durabilityChanged(): void {
    const { context, room } = this.#session;
    const { acks } = this.#numbered;
    const count = acks.settle(room.replication.copies.savedTo);
    if (count > 0) context.report({ type: "acked", count });
    if (acks.acknowledged > 0) this.#say(acks.acknowledged, acks.acknowledgedPosition);
    const kept = acks.reached(room.log.durable);
    if (kept !== undefined) this.#say(kept.number, kept.position);
  }

  /** Says on how many disks everything up to `number` is, where that is news. */
  #say(number: number, position: number): void {
    const { line, room } = this.#session;
    const { copies: known } = room.replication;
    const { replicas, needed } = known;
    const copies = known.holdersAt(position).length;
    const isNews = number > this.#said.number || (number === this.#said.number && copies > this.#said.copies);
    if (!isNews) return;
    this.#said = { number, copies };
    line.send({ type: "ack", handle: room.handle, number, copies, replicas, needed });
  }

  /** Whether the update with the expected number was taken. */
  #takeNext(update: TriedUpdate, kind: UpdateKind): boolean {
    const { context, room, author, mayWrite } = this.#session;
    const { unackedPerSessionMax } = context.limits;
    if (!mayWrite()) return this.#nack({ code: "READ_ONLY", detail: "" });
    if (this.#numbered.acks.size >= unackedPerSessionMax)
      return this.#nack({ code: "RELAY_BUSY", detail: `${unackedPerSessionMax} updates wait for the disk` });
    const admission = room.admit(update, kind, author);
    if (admission.type === "gap") return this.#nackGap(admission.missing);
    if (admission.type === "refused") return this.#nack(admission.refusal);
    // A part of it is in, and the rest hangs on something that is not here: an ack would speak for all of it.
    if (admission.type === "admitted" && admission.leftOut) return this.#nackGap("a part of a state");
    this.#numbered.taken(room.log.position);
    return true;
  }

  #nack({ code, detail }: Refusal, stateVector: Uint8Array = noBytes): false {
    const { line, room } = this.#session;
    this.#numbered.refuse();
    reportRefusal(this.#session, { code, detail });
    const retryAfterMs = errorKind(code).retryAfterMs ?? 0;
    line.send({ type: "nack", handle: room.handle, number: this.#numbered.expected, code, retryAfterMs, detail, stateVector });
    strike(this.#session, { code, detail });
    return false;
  }

  /** The state vector is an implicit promise, so it names only what is on disk. */
  #nackGap(missing: string): false {
    const { context, room, isLive, refuse } = this.#session;
    this.#numbered.refuse();
    if (this.#gaps.addIsTooMany(context.now.monotonicMs)) refuse({ code: "TOO_MANY_GAPS", detail: missing });
    else {
      room.withDurableStateVector((stateVector) => {
        if (isLive()) this.#nack({ code: "GAP", detail: missing }, stateVector);
      });
    }
    return false;
  }
}
