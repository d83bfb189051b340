/**
 * AccessDoubts: about whom, and about which documents, the application has changed its mind lately: what it was asked before that counts for
 * nothing.
 *
 * Invariants: the last `keptMax` are known one by one, and to a question that is older than those everybody is meant; what is not known yet,
 * a room or a name, is meant by whatever names one.
 */

/** Left out, each means all. */
export interface Whom {
  readonly room?: string | undefined;
  readonly user?: string | undefined;
}

/** They are gone through for each answer that came too late to know them. */
const keptMax = 1_024;

export class AccessDoubts {
  readonly #last: Whom[] = [];
  #count = 0;

  /** How many there ever were. */
  get count(): number {
    return this.#count;
  }

  add(whom: Whom): void {
    this.#count += 1;
    this.#last.push(whom);
    if (this.#last.length > keptMax) this.#last.shift();
  }

  /** Whether any that came when there were `count` already means what is granted so. */
  mean(granted: Whom, count: number): boolean {
    const since = this.#count - count;
    return since > this.#last.length || this.#last.slice(this.#last.length - since).some((whom) => means(whom, granted));
  }
}

export function means(whom: Whom, { room, user }: Whom): boolean {
  return isMeant(whom.room, room) && isMeant(whom.user, user);
}

function isMeant(named: string | undefined, one: string | undefined): boolean {
  return named === undefined || one === undefined || named === one;
}
