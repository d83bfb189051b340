/**
 * [P6] Read your writes: a reader over HTTP who comes back with its token never silently sees less than it saw before:
 * it gets at least that, or a refusal. Its token survives every restart of the relay.
 */
import * as Y from "yjs";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { Finding } from "../world.ts";
import { covers } from "./content.ts";

export class ReadYourWrites {
  #token = "";
  #seen: { readonly generation: number; readonly doc: Y.Doc } | undefined;
  reads = 0;

  get token(): string {
    return this.#token;
  }

  /** Undefined: the relay died over the request, and nobody knows. */
  answered(answer: RoomAnswer | undefined): void {
    if (answer?.type !== "content") return;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, answer.bytes);
    const before = this.#seen;
    if (before !== undefined && before.generation === answer.generation && !covers(doc, before.doc))
      throw new Finding("read your writes", "a reader who came with its token was silently shown less than before");
    if (before !== undefined && answer.generation < before.generation)
      throw new Finding("gone means gone", `a reader of generation ${before.generation} was shown ${answer.generation}`);
    this.reads += 1;
    this.#seen = { generation: answer.generation, doc };
    this.#token = answer.token;
  }
}
