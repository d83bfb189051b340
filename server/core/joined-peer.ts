/**
 * JoinedPeer: who the client of a connection says that it is, in the dialect in which clients do, and what it wants to be told of all its documents.
 *
 * Invariant: of one peer one connection is here, the last that joined: one that was lost without a word is found out by that.
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
  readonly #refuse: (refusal: Refusal) => void;
  readonly #wantedHeads = new Set<string>();
  #name: string | undefined;

  /** `all`: who has joined at this relay, by name. */
  constructor(all: Map<string, JoinedPeer>, refuse: (refusal: Refusal) => void) {
    this.#all = all;
    this.#refuse = refuse;
  }

  get wantedHeads(): ReadonlySet<string> {
    return this.#wantedHeads;
  }

  join(name: string): void {
    const former = this.#all.get(name);
    this.#all.set(name, this);
    this.#name = name;
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
    if (this.#name !== undefined && this.#all.get(this.#name) === this) this.#all.delete(this.#name);
  }
}
