/**
 * RelayList: at which other relays a client may go on when this one is lost, and how busy those are, as its `welcome` says it.
 *
 * A relay is reached by clients where other relays reach it, at `/sync` instead of `/mesh`; one with another path (a proxy's) is left out,
 * because nobody knows which path its clients have. Only those that may be there are named, so that nobody waits for the dead, and none
 * that is about to leave. One
 * that has not said how busy it is counts as busy as this one: neither sought nor shunned.
 *
 * Every client hears of a change. So what is only about loads waits until `loadsToldEveryMs` have passed.
 *
 * Invariant: the list is the same object until something of it has changed.
 */
import { relayOf, type RelayId } from "@inkmesh/shared/base/ids";
import type { ToldRelay } from "@inkmesh/shared/wire/client-message";
import { isPresent } from "./membership/member.ts";
import type { MeshView } from "./peers/mesh-view.ts";

const meshPath = /\/mesh$/;

/** A client chooses by loads when its relay is lost, which is seldom. */
const loadsToldEveryMs = 10_000;

/** What the list is made of. */
export interface Surroundings {
  mesh(): MeshView | undefined;
  /** Of clients here. */
  sessions(): number;
  nowMs(): number;
}

export class RelayList {
  readonly #around: Surroundings;
  #told: readonly ToldRelay[] = [];
  #isOld = false;
  #loadsMs = Number.NEGATIVE_INFINITY;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get told(): readonly ToldRelay[] {
    if (this.#isOld || this.#loadsMs + loadsToldEveryMs <= this.#around.nowMs()) this.#renew();
    return this.#told;
  }

  /** Something happened among the members, or on the ring. */
  meshChanged(): void {
    this.#isOld = true;
  }

  #renew(): void {
    this.#isOld = false;
    this.#loadsMs = this.#around.nowMs();
    const view = this.#around.mesh();
    if (view === undefined) return;
    const others = view.members.filter(
      (member) => isPresent(member) && member.relay !== relayOf(view.self) && !isLeaving(view, member.relay),
    );
    const found = new Map(
      others.flatMap(({ address, sessions }) =>
        meshPath.test(address) ? [[address.replace(meshPath, "/sync"), sessions ?? this.#around.sessions()] as const] : [],
      ),
    );
    const told = [...found]
      .map(([address, load]) => ({ address, load }))
      .toSorted((left, right) => (left.address < right.address ? -1 : 1));
    if (JSON.stringify(told) !== JSON.stringify(this.#told)) this.#told = told;
  }
}

function isLeaving({ ring }: MeshView, relay: RelayId): boolean {
  const status = ring.status(relay);
  return status === "leaving" || status === "left";
}
