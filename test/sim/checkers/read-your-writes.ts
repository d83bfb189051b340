/**
 * [P6] Read your writes: a reader over HTTP who comes back with its token never silently sees less than it saw before:
 * it gets at least that, or a refusal. Its token survives every restart of the relay.
 */
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { Finding } from "../world.ts";
import { applyTo, covers, newDocument, type AnyDocument } from "./content.ts";

interface Seen {
  readonly generation: number;
  readonly doc: AnyDocument;
}

/** How often a reader is told "behind" before it starts anew. */
const patience = 3;

export class ReadYourWrites {
  readonly #room: string;
  #token = "";
  #seen: Seen | undefined;
  #behind = 0;
  reads = 0;

  constructor(room: string) {
    this.#room = room;
  }

  /** The reader asks now, with what it has seen by now: its token, and where the answer goes. */
  ask(): { readonly token: string; readonly answered: (answer: RoomAnswer | undefined) => void } {
    const before = this.#seen;
    return { token: this.#token, answered: (answer) => this.#answered(answer, before) };
  }

  /** Undefined: the relay died over the request, and nobody knows. */
  #answered(answer: RoomAnswer | undefined, before: Seen | undefined): void {
    if (answer?.type === "refused" && answer.refusal.code === "BEHIND") return this.#isBehind();
    if (answer?.type !== "content") return;
    const doc = newDocument(this.#room);
    applyTo(doc, answer.bytes);
    if (before !== undefined && before.generation === answer.generation && !covers(doc, before.doc))
      throw new Finding("read your writes", "a reader who came with its token was silently shown less than before");
    if (before !== undefined && answer.generation < before.generation)
      throw new Finding("gone means gone", `a reader of generation ${before.generation} was shown ${answer.generation}`);
    this.reads += 1;
    this.#seen = { generation: answer.generation, doc };
    this.#token = answer.token;
    this.#behind = 0;
  }

  /** What was seen may be lost with its disk: then a reader starts anew, and knows why. */
  #isBehind(): void {
    this.#behind += 1;
    if (this.#behind < patience) return;
    this.#behind = 0;
    this.#token = "";
    this.#seen = undefined;
  }
}
