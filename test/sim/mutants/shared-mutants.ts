/**
 * Planted bugs of what relay and clients share: admission, and the hybrid logical clock.
 */
import type { NamedMutant } from "./all-mutants.ts";

export const sharedMutants: readonly NamedMutant[] = [
  {
    name: "admission-off",
    what: "what hangs on something that is not here is let in",
    changes: [
      {
        file: "shared/engine/content-index.ts",
        find: 'return { type: "gap", missing: `author ${client} from clock ${clock}`, lacks: lackingOf(verdict.missing) };',
        replace: 'return { type: "admitted", payload: update, change: { engine: "yjs", structs: [], deletes: [] }, leftOut: false };',
      },
    ],
  },
  {
    name: "right-origin-unchecked",
    what: "an update may hang on a right neighbour that is not here",
    changes: [
      {
        file: "shared/engine/admission.ts",
        find: "if (rightOrigin !== undefined && !this.#isPlaced(rightOrigin)) return rightOrigin;",
        replace: "",
      },
    ],
  },
  {
    name: "origin-unchecked",
    what: "an update may hang on a left neighbour that is not here",
    changes: [
      { file: "shared/engine/admission.ts", find: "if (origin !== undefined && !this.#isPlaced(origin)) return origin;", replace: "" },
    ],
  },
  {
    name: "deletions-of-unknown-taken",
    what: "an edit that deletes what is not here is let in without that deletion",
    changes: [
      {
        file: "shared/engine/admission.ts",
        find: "if (to < range.to) missing.push({ client: range.author, clock: Math.max(range.from, reach) });",
        replace: "",
      },
    ],
  },
  {
    name: "first-deletion-trimmed",
    what: "an author's first deletion is taken for known",
    changes: [
      {
        file: "shared/engine/content-index.ts",
        find: "if (deleted === undefined) return [range];",
        replace: "if (deleted === undefined) return [];",
      },
    ],
  },
  {
    name: "hlc-floor-ignored",
    what: "a new life of the relay does not know how far stamps have come",
    changes: [
      { file: "shared/clock/hybrid-logical-clock.ts", find: "this.#physicalMs = options.floorMs ?? 0;", replace: "this.#physicalMs = 0;" },
    ],
  },
  {
    name: "hlc-floor-shared",
    what: "a new life gives stamps within the last millisecond of the one before",
    changes: [{ file: "shared/clock/hybrid-logical-clock.ts", find: "options.floorMs === undefined ? 0 : logicalMax;", replace: "0;" }],
  },
  {
    name: "hlc-follows-wall",
    what: "stamps go back with the wall's clock",
    changes: [
      {
        file: "shared/clock/hybrid-logical-clock.ts",
        find: "this.#advance(Math.max(this.#physicalMs, Math.floor(wallMs)), 0);",
        replace: "this.#advance(Math.floor(wallMs), 0);",
      },
    ],
  },
];
