/**
 * Bounds: the first value of a setting that is a number, and the least and the most that it may be.
 */
export type Bounds = readonly [first: number, least: number, most: number];

export function firstValues<Names extends string>(bounds: Readonly<Record<Names, Bounds>>): Record<Names, number> {
  return Object.fromEntries(Object.entries<Bounds>(bounds).map(([name, [first]]) => [name, first])) as Record<Names, number>;
}
