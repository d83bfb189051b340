/**
 * A relay that stores whatever decodes, as most do: what hangs on something that was lost is acknowledged, kept, and
 * never seen again.
 */
import type { Mutant } from "../../harness/mutated-relay.ts";

export const admissionOff: Mutant = {
  what: "admission by ContentIndex is switched off",
  changes: [
    {
      file: "shared/dist/engine/content-index.js",
      find: 'return { type: "gap", missing: `author ${client} from clock ${clock}`, lacks: lackingOf(verdict.missing) };',
      replace: 'return { type: "admitted", payload: update, change: { engine: "yjs", structs: [], deletes: [] }, leftOut: false };',
    },
  ],
};
