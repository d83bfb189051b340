/**
 * Planted bugs that only a document of Automerge shows: trials that are lost with their worker, and who writes.
 */
import type { NamedMutant } from "./all-mutants.ts";

export const automergeMutants: readonly NamedMutant[] = [
  {
    name: "lost-trial-drops",
    what: "what could not be tried, because the worker was lost, is dropped as if it were here already",
    changes: [
      {
        file: "server/core/tried-update.ts",
        find: 'if (verdict.type === "not-now") return couldNotBeTried(whole);',
        replace: 'if (verdict.type === "not-now") return { type: "known" };',
      },
    ],
  },
  {
    name: "one-actor-for-all",
    what: "every page writes a document of Automerge as the same actor",
    changes: [
      {
        file: "client/provider/automerge-document.ts",
        find: "this.#document = given === undefined ? A.init<T>() : A.clone(given);",
        replace: 'this.#document = given === undefined ? A.init<T>({ actor: "aa" }) : A.clone(given);',
      },
    ],
  },
];
