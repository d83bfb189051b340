/**
 * The history checker: judges a run only by what clients were told and what readers see. It imports nothing of the
 * product, so that it cannot share a mistake with it. (After Jepsen's set-full.)
 *
 * Every edit inserts a token that occurs nowhere else, `[writer:number]`. A client notes `invoked` before the edit and
 * `acknowledged` when it is told that the edit is saved. Afterwards fresh readers, which had no part in the run, say
 * what they see.
 *
 *     acknowledged and in every read   stable
 *     acknowledged, not in every read  lost         the relay lied
 *     in one read more than once       duplicated
 *     in a read, never invoked         phantom
 *     invoked, not acknowledged        open         may be there or not
 *
 * Readers that see different texts are `diverged`.
 */
export interface Verdict {
  readonly stable: number;
  readonly open: number;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly phantom: readonly string[];
  readonly diverged: readonly string[];
}

export interface Read {
  readonly reader: string;
  readonly text: string;
}

export class History {
  readonly #invoked = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #nextOf = new Map<string, number>();

  /** Notes the next edit of a writer; answers the token to insert. */
  invoke(writer: string): string {
    const number = (this.#nextOf.get(writer) ?? 0) + 1;
    this.#nextOf.set(writer, number);
    const token = `[${writer}:${number}]`;
    this.#invoked.add(token);
    return token;
  }

  acknowledge(token: string): void {
    if (!this.#invoked.has(token)) throw new Error(`${token} was acknowledged but never invoked: the test is wrong`);
    this.#acknowledged.add(token);
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  judge(reads: readonly Read[]): Verdict {
    const counts = reads.map((read) => countTokens(read.text));
    const everywhere = (token: string): boolean => counts.every((count) => count.has(token));
    const lost = [...this.#acknowledged].filter((token) => !everywhere(token));
    return {
      stable: this.#acknowledged.size - lost.length,
      open: this.#invoked.size - this.#acknowledged.size,
      lost,
      duplicated: unique(counts.flatMap((count) => [...count].filter(([, times]) => times > 1).map(([token]) => token))),
      phantom: unique(counts.flatMap((count) => [...count.keys()].filter((token) => !this.#invoked.has(token)))),
      diverged: reads
        .filter((read) => read.text !== reads[0]?.text)
        .map((read) => `${read.reader} reads another text than ${reads[0]?.reader}`),
    };
  }
}

/** The verdict of a run in which nothing went wrong, for comparing. */
export function faults(verdict: Verdict): Pick<Verdict, "lost" | "duplicated" | "phantom" | "diverged"> {
  const { lost, duplicated, phantom, diverged } = verdict;
  return { lost, duplicated, phantom, diverged };
}

export const noFaults = { lost: [], duplicated: [], phantom: [], diverged: [] } as const;

/** Places in a text where a token may be inserted without cutting another in two. */
export function boundaries(text: string): readonly number[] {
  const places = [0];
  for (let index = text.indexOf("]"); index >= 0; index = text.indexOf("]", index + 1)) places.push(index + 1);
  return places;
}

function countTokens(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  // What is no whole token (a torn one, stray text) counts as a token of its own, hence as a phantom.
  for (const [token] of text.matchAll(/\[[\w-]+:\d+\]|[^[\]]+|\[|\]/g)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

function unique(tokens: readonly string[]): readonly string[] {
  return [...new Set(tokens)];
}
