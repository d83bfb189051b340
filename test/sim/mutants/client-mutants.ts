/**
 * Planted bugs of the client: what it takes off its outbox too early, keeps in the wrong order, or never sends.
 */
import type { NamedMutant } from "./all-mutants.ts";

export const clientMutants: readonly NamedMutant[] = [
  {
    name: "under-way-forgotten",
    what: "what was under way when the line broke is not sent again",
    changes: [
      {
        file: "client/provider/core/outbox.ts",
        find: "    this.#items = this.#unsettled;\n    this.#sent = 0;",
        replace: "    this.#items = this.#items.slice(this.#sent);\n    this.#sent = 0;",
      },
    ],
  },
  {
    name: "ack-covers-all",
    what: "an ack takes everything off the outbox that is under way",
    changes: [
      {
        file: "client/provider/core/outbox.ts",
        find: "const count = Math.min(number - this.#first + 1, this.#sent);",
        replace: "const count = number < this.#first ? 0 : this.#sent;",
      },
    ],
  },
  {
    name: "nack-skips",
    what: "after a refusal the client goes on with the update behind the refused one",
    changes: [{ file: "client/provider/core/outbox.ts", find: "    this.#sent = from;\n", replace: "    this.#sent = from + 1;\n" }],
  },
  {
    name: "clock-before-content",
    what: "what a relay sent is written to the device a moment after the clock that names it",
    changes: [
      {
        file: "client/provider/inkmesh-room.ts",
        find: "    this.#copy.updates(updates);",
        replace: "    setTimeout(() => this.#copy.updates(updates), 50);",
      },
    ],
  },
  {
    name: "edits-kept-later",
    what: "edits are written to the device a moment after they were made",
    changes: [
      {
        file: "client/provider/inkmesh-room.ts",
        find: "queueMicrotask(() => this.flush());",
        replace: "setTimeout(() => this.flush(), 50);",
      },
    ],
  },
  {
    name: "leftovers-ignored",
    what: "what closed tabs left is not sent by the others",
    changes: [
      {
        file: "client/provider/leftovers.ts",
        find: "waiting > 0 && tabs.some(isOurs)",
        replace: "waiting > 0 && tabs.some(isOurs) && waiting < 0",
      },
    ],
  },
  {
    name: "silence-endured",
    what: "a line that is silent is believed in for ever",
    changes: [
      {
        file: "client/provider/core/liveness.ts",
        find: "const silentMs = this.isHurried ? Infinity : this.#heardMs + this.#limits.silenceMs;",
        replace: "const silentMs = Infinity;",
      },
      {
        file: "client/provider/core/liveness.ts",
        find: "Math.min(silentMs, this.#ping.deadMs) : silentMs;",
        replace: "silentMs : silentMs;",
      },
      {
        file: "client/provider/core/liveness.ts",
        find: 'if (pings > 2) return "dead";',
        replace: "",
      },
    ],
  },
  {
    name: "saved-counts-sent",
    what: "what has been sent does not count as waiting",
    changes: [
      {
        file: "client/provider/core/outbox.ts",
        find: "    return this.#unsettled.length;",
        replace: "    return this.#unsettled.length - this.#sent;",
      },
    ],
  },
  {
    name: "file-not-synced",
    what: "the file store calls written what is only in the system's cache",
    changes: [
      {
        file: "client/provider/room-log.ts",
        find: "      await this.#file.datasync();\n      this.#length",
        replace: "      this.#length",
      },
    ],
  },
  {
    name: "short-write-ignored",
    what: "the file store takes a short write for a whole one",
    changes: [
      { file: "client/provider/room-log.ts", find: "offset += bytesWritten;", replace: "offset = bytes.length + 0 * bytesWritten;" },
    ],
  },
  {
    name: "content-not-compared",
    what: "a client does not look whether a relay has the content that it has itself, deletions included",
    changes: [
      {
        file: "client/provider/core/sync-session.ts",
        find: "    else if (message.content !== undefined) open.repairDue ??= { unlessContent: message.content };\n",
        replace: "",
      },
    ],
  },
  {
    name: "generation-not-looked-at",
    what: "a tab takes what another one says of an earlier document of the name",
    changes: [
      {
        file: "client/provider/room-tabs.ts",
        find: "    if (generation === undefined || generation === own) return true;\n",
        replace: "    if (generation !== own || generation === own) return true;\n",
      },
    ],
  },
];
