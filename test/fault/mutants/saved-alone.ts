/**
 * The bug that a partition shows: an edit is called saved on all replicas as soon as one has it on disk.
 */
import type { Mutant } from "../../harness/mutated-relay.ts";

export const savedAlone: Mutant = {
  what: "one copy counts as all",
  changes: [
    { file: "server/dist/core/gossip/durable-copies.js", find: "return this.heldBy(this.needed);", replace: "return this.heldBy(1);" },
    {
      file: "server/dist/core/gossip/durable-copies.js",
      find: "return this.#replicas.filter((relay) => this.#positionOf(relay) >= position);",
      replace: "return this.#replicas;",
    },
  ],
};
