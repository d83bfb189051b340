/**
 * JoinedPeer: who the client of a connection says that it is, in the dialect in which clients do, and what it wants to be told of all its documents.
 *
 * Invariant: of one peer of one principal one connection is here, the last that joined: one that was lost without a word is found out by that. A name
 * alone proves nothing, as everybody in a document hears it. Several of one name may be here: what is said goes by connections.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import { isToldOf } from "./heads-telling.ts";

/** Of a first message that says who somebody is, and nothing else. */
export const joinBytesMax = 16_384;

/** A document of the connection. */
interface Hearer {
  wantsHeads(storages: readonly string[]): void;
}

export class JoinedPeer {
  readonly #all: Map<string, JoinedPeer>;
  readonly #principal: string | undefined;
  readonly #refuse: (refusal: Refusal) => void;
  readonly #wantedHeads = new Set<string>();
  #key: string | undefined;

  /** `all`: who has joined at this relay. `principal`: whose the connection is; undefined: an application says so, of each document by itself. */
  constructor(all: Map<string, JoinedPeer>, principal: string | undefined, refuse: (refusal: Refusal) => void) {
    this.#all = all;
    this.#principal = principal;
    this.#refuse = refuse;
  }

  get wantedHeads(): ReadonlySet<string> {
    return this.#wantedHeads;
  }

  join(name: string): void {
    if (this.#principal === undefined) return;
    this.#key = `${name}\0${this.#principal}`;
    const former = this.#all.get(this.#key);
    this.#all.set(this.#key, this);
    if (former !== undefined && former !== this) former.#refuse({ code: "OUT_OF_ORDER", detail: "its peer has joined on another socket" });
  }

  /** What of it is told to each document, now and from now on. */
  wants({ add, remove }: ClientMessage & { type: "heads-wanted" }): (document: Hearer) => void {
    for (const storage of remove) this.#wantedHeads.delete(storage);
    const added = add.filter(isToldOf);
    for (const storage of added) this.#wantedHeads.add(storage);
    return (document) => document.wantsHeads(added);
  }

  end(): void {
    if (this.#key !== undefined && this.#all.get(this.#key) === this) this.#all.delete(this.#key);
  }
}
