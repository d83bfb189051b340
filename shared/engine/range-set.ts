/**
 * RangeSet: the deleted clocks of one author, as sorted, disjoint, non-touching ranges.
 *
 * Somebody who deletes word after word leaves tens of thousands of ranges, and every insertion into one flat sorted
 * array would move half of them. So the ranges lie in chunks of bounded length, found by binary search:
 *
 *     chunks   [[from, to, from, to, …], [from, to, …], …]
 *
 * Invariants: no chunk is empty; over all chunks `from < to < next from`.
 */
const chunkNumbersMax = 1024;

export class RangeSet implements Iterable<readonly [from: number, to: number]> {
  readonly #chunks: number[][] = [];
  #size = 0;

  /** How many ranges there are. */
  get size(): number {
    return this.#size;
  }

  /** The end of the last range; 0 when there is none. */
  get end(): number {
    return this.#chunks.at(-1)?.at(-1) ?? 0;
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    const index = this.#chunkOf(from);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push([from, to]);
      this.#size = 1;
      return;
    }
    let at = pairAtOrBefore(chunk, from);
    if (at >= 0 && from <= (chunk[at + 1] ?? 0)) {
      if (to <= (chunk[at + 1] ?? 0)) return;
    } else {
      at += 2;
      chunk.splice(at, 0, from, to);
      this.#size++;
    }
    chunk[at + 1] = this.#absorb(index, at + 2, to);
    if (chunk.length > chunkNumbersMax) this.#chunks.splice(index + 1, 0, chunk.splice(chunkNumbersMax / 2));
  }

  /** What of [from, to) is not here, in order. */
  missing(from: number, to: number): readonly (readonly [from: number, to: number])[] {
    if (from >= this.end) return from < to ? [[from, to]] : [];
    const missing: [number, number][] = [];
    let reached = from;
    let index = this.#chunkOf(from);
    let at = Math.max(0, pairAtOrBefore(this.#chunks[index] ?? [], from));
    for (let chunk = this.#chunks[index]; chunk !== undefined && reached < to; chunk = this.#chunks[++index]) {
      for (; at < chunk.length && reached < to; at += 2) {
        const start = chunk[at] ?? 0;
        if (start > reached) missing.push([reached, Math.min(start, to)]);
        reached = Math.max(reached, chunk[at + 1] ?? 0);
      }
      at = 0;
    }
    if (reached < to) missing.push([reached, to]);
    return missing;
  }

  *[Symbol.iterator](): Iterator<readonly [from: number, to: number]> {
    for (const chunk of this.#chunks) {
      for (let at = 0; at < chunk.length; at += 2) yield [chunk[at] ?? 0, chunk[at + 1] ?? 0];
    }
  }

  /** Removes the ranges from (index, at) on that begin at or before `to`; answers how far they and `to` reach. */
  #absorb(index: number, at: number, to: number): number {
    let reach = to;
    for (let chunk = this.#chunks[index]; chunk !== undefined; chunk = this.#chunks[index]) {
      let end = at;
      while (end < chunk.length && (chunk[end] ?? 0) <= reach) {
        reach = Math.max(reach, chunk[end + 1] ?? 0);
        end += 2;
      }
      this.#size -= (end - at) / 2;
      const more = end === chunk.length;
      if (end > at) chunk.splice(at, end - at);
      if (chunk.length === 0) this.#chunks.splice(index, 1);
      else index++;
      if (!more) break;
      at = 0;
    }
    return reach;
  }

  /** The last chunk that begins at or before `from`, or the first. */
  #chunkOf(from: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.[0] ?? 0) <= from) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The offset of the last pair that begins at or before `from`, or -2. */
function pairAtOrBefore(chunk: readonly number[], from: number): number {
  let low = 0;
  let high = chunk.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle * 2] ?? 0) <= from) low = middle + 1;
    else high = middle;
  }
  return (low - 1) * 2;
}
