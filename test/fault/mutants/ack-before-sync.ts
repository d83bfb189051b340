/**
 * The bug of most servers: what is only on its way to the disk is acknowledged. The disk takes its time.
 */
import type { Mutant } from "../../harness/mutated-relay.ts";

export const ackBeforeSync: Mutant = {
  what: "acks are sent before the sync",
  changes: [
    {
      file: "server/dist/runtime/group-commit.js",
      find: "const appending = (async () => log.append(batch))();",
      replace: "this.#answerDone(group); const appending = new Promise((done) => setTimeout(() => done(log.append(batch)), 250));",
    },
  ],
};
