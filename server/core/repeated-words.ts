/**
 * RepeatedWords: which ephemeral messages of a document have been heard here. An automerge-repo client passes on to its relay what it heard from
 * it, so each message comes back once from everybody who heard it.
 *
 * Invariants: of one sender's session a message is heard once, and none after a later one; at most `sendersMax` sessions are remembered, of more
 * the one that was silent for longest is forgotten. Words of other clients are never repeated.
 */
import { readEphemeral } from "@inkmesh/shared/wire/ephemeral-words";

const sendersMax = 1_024;

export class RepeatedWords {
  /** Of each sender's session how far it has counted; who spoke last is last. */
  readonly #counts = new Map<string, number>();

  /** Whether they were heard before; from now on they have been. */
  areRepeated(text: string): boolean {
    const said = readEphemeral(text);
    if (said === undefined) return false;
    const source = JSON.stringify([said.senderId, said.sessionId]);
    if ((this.#counts.get(source) ?? -1) >= said.count) return true;
    this.#counts.delete(source);
    this.#counts.set(source, said.count);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= sendersMax) break;
      this.#counts.delete(oldest);
    }
    return false;
  }
}
