/**
 * RelayList: at which other relays a client may go on when this one is lost, as its `welcome` says it.
 *
 * A relay is reached by clients where other relays reach it, at `/sync` instead of `/mesh`; one with another path (a proxy's) is left out,
 * because nobody knows which path its clients have. Only those that may be there are named, so that nobody waits for the dead.
 *
 * Invariant: the list is the same object until something of it has changed.
 */
import { relayOf } from "@inkmesh/shared/base/ids";
import { isPresent } from "./membership/member.ts";
import type { MeshView } from "./peers/mesh.ts";

const meshPath = /\/mesh$/;

export class RelayList {
  readonly #view: () => MeshView | undefined;
  #addresses: readonly string[] = [];
  #isOld = false;

  constructor(view: () => MeshView | undefined) {
    this.#view = view;
  }

  get addresses(): readonly string[] {
    if (this.#isOld) this.#renew();
    return this.#addresses;
  }

  /** Something happened among the members. */
  memberChanged(): void {
    this.#isOld = true;
  }

  #renew(): void {
    this.#isOld = false;
    const view = this.#view();
    if (view === undefined) return;
    const others = view.members.filter((member) => isPresent(member) && member.relay !== relayOf(view.self));
    const found = others.flatMap(({ address }) => (meshPath.test(address) ? [address.replace(meshPath, "/sync")] : []));
    const addresses = [...new Set(found)].toSorted();
    if (addresses.join(" ") !== this.#addresses.join(" ")) this.#addresses = addresses;
  }
}
