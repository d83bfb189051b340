/**
 * What somebody has of a document of Automerge's, of whom is known only what a filter says, which is wrong about one hash in a hundred: "may have it"
 * of what is not there, and never "has it not" of what is.
 *
 * Whoever has one of an actor's changes has those before it, so an actor's last is found by halving, and believed where the two before it are had,
 * too. A filter that was wrong on the way led too far; then it is sought before there, a few times.
 *
 * Invariant: a filter that was made for it costs no more than one that is right: questions are counted. Whom nothing is found of is taken to have
 * nothing of that actor.
 */

/** Each takes about a microsecond of the thread that serves everybody. */
const questionsMax = 8_192;
/** Halvings for one actor. */
const triesMax = 4;
/** So many in a row are not all wrong. */
const inARow = 3;

export type MayHave = (hash: string) => boolean;

/** Of each actor's changes (`actors`: of each, in their order) the last that is surely had, less those that are there to be sure. */
export function frontierOf(actors: Iterable<readonly string[]>, mayHave: MayHave): readonly string[] {
  let asked = 0;
  const counted: MayHave = (hash) => {
    asked += 1;
    return mayHave(hash);
  };
  const found: string[] = [];
  for (const hashes of actors) {
    if (asked >= questionsMax) break;
    const sure = lastSurely(hashes, counted);
    if (sure !== undefined) found.push(sure);
  }
  return found;
}

function lastSurely(hashes: readonly string[], mayHave: MayHave): string | undefined {
  let end = hashes.length;
  for (let tries = 0; tries < triesMax && end >= inARow; tries++) {
    end = afterLast(hashes, end, mayHave);
    const row = hashes.slice(Math.max(0, end - inARow), end);
    if (row.length === inARow && row.every(mayHave)) return row[0];
    end -= 1;
  }
  return undefined;
}

/** Where it says "no" first, as far as halving sees. */
function afterLast(hashes: readonly string[], end: number, mayHave: MayHave): number {
  let [from, to] = [0, end];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (mayHave(hashes[middle]!)) from = middle + 1;
    else to = middle;
  }
  return from;
}
