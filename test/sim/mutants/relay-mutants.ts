/**
 * Planted bugs of the relay: what it promises too early, forgets, or lets in.
 */
import type { NamedMutant } from "./all-mutants.ts";

export const relayMutants: readonly NamedMutant[] = [
  {
    name: "ack-before-sync",
    what: "a commit is answered when it is handed to the log, not when it is on disk",
    changes: [
      {
        file: "server/runtime/group-commit.ts",
        find: "const appending = (async () => log.append(batch))();",
        replace: "this.#answerDone(group); const appending = (async () => log.append(batch))();",
      },
    ],
  },
  {
    name: "failed-commit-counts",
    what: "a commit that failed is answered like one that did not",
    changes: [
      {
        file: "server/runtime/group-commit.ts",
        find: "if (result.ok) this.#answerDone(group);",
        replace: "if (result.ok || group.length > 0) this.#answerDone(group);",
      },
    ],
  },
  {
    name: "commits-overtake",
    what: "what waits behind a failed commit is committed before it",
    changes: [
      {
        file: "server/runtime/group-commit.ts",
        find: "else this.#answerFailed([...group, ...this.#waiting.splice(0)], result);",
        replace: "else this.#answerFailed(group, result);",
      },
    ],
  },
  {
    name: "ack-at-admission",
    what: "an update is acknowledged when it is admitted",
    changes: [
      {
        file: "server/core/numbered-intake.ts",
        find: "this.#numbered.taken(room.log.position);",
        replace: "this.#numbered.taken(room.log.durable);",
      },
    ],
  },
  {
    name: "known-acked-at-once",
    what: "an update whose content is here already is acknowledged before that content is on disk",
    changes: [
      {
        file: "server/core/numbered-intake.ts",
        find: "this.#numbered.taken(room.log.position);",
        replace: 'this.#numbered.taken(admission.type === "known" ? room.log.durable : room.log.position);',
      },
    ],
  },
  {
    name: "nack-counts",
    what: "a refused update uses its number up",
    changes: [
      {
        file: "server/core/numbered-updates.ts",
        find: "this.#isRefusing = true;",
        replace: "this.#isRefusing = true; this.#expected += 1;",
      },
    ],
  },
  {
    name: "append-answers-all",
    what: "an append that landed answers for the later ones of its room",
    changes: [{ file: "server/core/append-queue.ts", find: "this.#flights[0].seq <= seq", replace: "this.#flights[0].seq <= seq + 1_000" }],
  },
  {
    name: "failed-append-forgotten",
    what: "entries whose append failed are never sent to the log again",
    changes: [{ file: "server/core/append-queue.ts", find: "    this.#sent = this.#durable;\n", replace: "" }],
  },
  {
    name: "append-never-retried",
    what: "after a failed append everything stays held back",
    changes: [{ file: "server/core/room-log.ts", find: "    this.#queue.release();\n", replace: "" }],
  },
  {
    name: "clock-of-memory",
    what: "clients are told the clock of what is in memory",
    changes: [{ file: "server/core/room.ts", find: "tellClock(this.#log.durableClock,", replace: "tellClock(this.#content.clock," }],
  },
  {
    name: "synced-before-durable",
    what: "a joiner is told a clock and a token before what they name is on disk",
    changes: [{ file: "server/core/joiner.ts", find: "room.log.whenDurable(say, isLive);", replace: "say();" }],
  },
  {
    name: "state-vector-of-memory",
    what: "the state vector of a handshake names what is in memory",
    changes: [
      {
        file: "server/core/durable-words.ts",
        find: "    log.whenDurable(() => {\n      this.#stateVector = stateVector;\n      then(stateVector);\n    });",
        replace: "    then(stateVector);",
      },
    ],
  },
  {
    name: "state-vector-while-failing",
    what: "while the disk fails, handshakes name what is in memory",
    changes: [
      {
        file: "server/core/durable-words.ts",
        find: "return then(this.#stateVector);",
        replace: "return then(content.stateVector());",
      },
    ],
  },
  {
    name: "compaction-drops-tail",
    what: "after a compaction the tail in memory is emptied, what came meanwhile included",
    changes: [
      {
        file: "server/core/room-content.ts",
        find: "const tail = this.#tail.filter((entry) => !gone.has(dotKey(entry.dot)));",
        replace: "const tail = gone.size > 0 ? [] : this.#tail;",
      },
    ],
  },
  {
    name: "resume-before-snapshot",
    what: "a returning client is sent the tail though its clock does not reach the snapshot",
    changes: [
      {
        file: "server/core/join-plan.ts",
        find: "(snapshot === undefined || joiner.clock.covers(snapshot.clock))",
        replace: "true",
      },
    ],
  },
  {
    name: "deletions-not-resumed",
    what: "a returning client whose state vector covers the snapshot is not sent its deletions",
    changes: [{ file: "server/core/join-plan.ts", find: '? "none" : "deletions" });', replace: '? "none" : "none" });' }],
  },
  {
    name: "held-frames-lost",
    what: "what came while a difference was being made is not sent after it",
    changes: [
      {
        file: "server/core/delivery.ts",
        find: 'const held = this.#state.type === "held" ? this.#state.lists : [];',
        replace: 'const held = this.#state.type === "held" ? this.#state.lists.slice(0, 0) : [];',
      },
    ],
  },
  {
    name: "not-asked-after-full-disk",
    what: "y-websocket clients are not asked again for what a failing disk made the relay refuse",
    changes: [
      {
        file: "server/core/unnumbered-intake.ts",
        find: "    this.#hold(false);\n    this.ask();",
        replace: "    this.#hold(false);",
      },
    ],
  },
  {
    name: "deletion-confirmed-early",
    what: "a deletion is confirmed before its tombstone is on disk",
    changes: [
      {
        file: "server/core/tombstone.ts",
        find: '    this.#state = "writing";',
        replace: '    this.#state = "writing"; this.#options.ended(ok(undefined));',
      },
      {
        file: "server/core/room-requests.ts",
        find: "open.withdraw = room.recordCopies.whenSaved(() => this.#answer(request, answer()));",
        replace: "this.#answer(request, answer());",
      },
    ],
  },
  {
    name: "tombstone-not-kept",
    what: "a deletion only empties the room in memory",
    changes: [
      {
        file: "server/core/tombstone.ts",
        find: "this.#options.kept.write(this.record, (result) => {",
        replace: "this.#options.kept.write({ ...this.record, deleted: undefined }, (result) => {",
      },
    ],
  },
  {
    name: "old-tabs-let-in",
    what: "a y-websocket client that knows the deleted document is let into the new one of that name",
    changes: [
      {
        file: "server/core/session.ts",
        find: "if (record?.everDeleted === true) return",
        replace: "if (record?.created === undefined) return",
      },
    ],
  },
  {
    name: "own-life-pruned",
    what: "the life that writes is pruned from a room's clock like those before it",
    changes: [
      {
        file: "server/core/gossip/clock-pruning.ts",
        find: "!living.has(actor) && builtOn.some(({ dot, deps }) => dot.actor !== actor && deps.counter(actor) >= counter);",
        replace: "!living.has(actor) || builtOn.some(({ deps }) => deps.counter(actor) >= counter - 1);",
      },
      {
        file: "server/log/pruned-cut.ts",
        find: "dot.actor !== actor && deps.counter(actor) >= counter",
        replace: "dot.actor !== actor || deps.counter(actor) >= counter - 1",
      },
    ],
  },
  {
    name: "counts-settle-at-admission",
    what: "a client that counts is told that an update is saved when it is let in",
    changes: [
      {
        file: "server/core/unnumbered-intake.ts",
        find: "const count = this.#owed.settle(savedTo);",
        replace: "const count = this.#owed.settle(savedTo + 2);",
      },
    ],
  },
  {
    name: "state-not-owed",
    what: "a client that counts is told of the state that it is asked for before that has come",
    changes: [
      {
        file: "server/core/owed-saves.ts",
        find: "this.#count = 0;\n    this.#parked = 1;",
        replace: "this.#count = 0;\n    this.#parked = 0;\n    this.edit(0);",
      },
    ],
  },
  {
    name: "http-saved-at-admission",
    what: "an edit over HTTP is answered as saved when it is let in",
    changes: [
      {
        file: "server/core/http-writer.ts",
        find: "if (this.#position === undefined || copies.savedTo < this.#position) return;",
        replace: "if (this.#position === undefined) return;",
      },
    ],
  },
  {
    name: "pruned-token-turns",
    what: "whether an edit over HTTP was made on more than is here is asked of a clock without what was pruned from it",
    changes: [
      {
        file: "server/core/room-requests.ts",
        find: "room.content.known.covers(seen.value)",
        replace: "room.content.clock.covers(seen.value)",
      },
    ],
  },
];
