/**
 * Planted bugs of what happens while relays join, leave, are given up and come anew. They are hunted in histories with several relays.
 */
import type { NamedMutant } from "./all-mutants.ts";

const rooms = "server/core/gossip/replicated-rooms.ts";
const trace = "server/core/gossip/room-trace.ts";

export const ringMutants: readonly NamedMutant[] = [
  {
    name: "member-before-complete",
    what: "a relay says that it belongs before it is complete in what the ring places on it",
    changes: [
      {
        file: rooms,
        find: "placement.wholeRing?.id === ring.id || !this.#catalogue.isComplete) return;",
        replace: "placement.wholeRing?.id === ring.id) return;",
      },
      {
        file: rooms,
        find: "if (others.some(({ relay }) => relay !== self && !this.#equal.has(relay) && !this.#names.isSameWith(relay))) return;",
        replace: "",
      },
    ],
  },
  {
    name: "left-before-proof",
    what: "a relay says that it has left while something that it has is not proven elsewhere",
    changes: [{ file: rooms, find: "!isNamed && this.#catalogue.owesNothing", replace: "!isNamed && this.#catalogue.isRead" }],
  },
  {
    name: "proof-of-some",
    what: "a relay that leaves takes one replica's word for that of all",
    changes: [
      {
        file: "server/core/gossip/hand-over.ts",
        find: "holders().length === place.replicas.length",
        replace: "holders().length > 0",
      },
    ],
  },
  {
    name: "newcomer-takes-itself-for-unused",
    what: "a relay that joins says that nobody has used the room yet, and counts itself",
    changes: [{ file: trace, find: ".includes(self) ?? false;", replace: ".includes(self) ?? true;" }],
  },
  {
    name: "forget-overrides-join",
    what: "that a relay was given up counts more than that it came anew afterwards",
    changes: [
      {
        file: "shared/ring/ring-record.ts",
        find: "return left.counter - right.counter || ringStatuses.indexOf(left.status) - ringStatuses.indexOf(right.status);",
        replace: "return ringStatuses.indexOf(left.status) - ringStatuses.indexOf(right.status) || left.counter - right.counter;",
      },
    ],
  },
  {
    name: "leaver-stays-replica",
    what: "the ring still places rooms on a relay that leaves",
    changes: [
      {
        file: "server/core/membership/ring-records.ts",
        find: 'this.#any("joining", "member") ? ["joining", "member"] : ["leaving"]',
        replace: '["joining", "member", "leaving"]',
      },
    ],
  },
];
