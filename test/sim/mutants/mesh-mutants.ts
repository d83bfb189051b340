/**
 * Planted bugs between relays: what they call saved too early, believe of each other, or never put right. They are hunted in
 * histories with several relays.
 */
import type { NamedMutant } from "./all-mutants.ts";

export const meshMutants: readonly NamedMutant[] = [
  {
    name: "half-is-a-majority",
    what: "one copy of three counts as most of them",
    changes: [
      {
        file: "server/core/gossip/durable-copies.ts",
        find: "Math.floor(replicas / 2) + 1;",
        replace: "Math.max(1, Math.floor(replicas / 2));",
      },
    ],
  },
  {
    name: "all-copies-claimed",
    what: "an ack says that all replicas have it when enough of them have",
    changes: [
      {
        file: "server/core/gossip/durable-copies.ts",
        find: "return this.#replicas.filter((relay) => this.#positionOf(relay) >= position);",
        replace:
          "return this.savedTo >= position ? this.#replicas : this.#replicas.filter((relay) => this.#positionOf(relay) >= position);",
      },
    ],
  },
  {
    name: "blank-replica-counts-itself",
    what: "a relay counts its own disk whether or not it is complete there",
    changes: [
      {
        file: "server/core/gossip/durable-copies.ts",
        find: "return this.#isComplete ? this.#ownPosition : -1;",
        replace: "return this.#ownPosition;",
      },
    ],
  },
  {
    name: "blank-replica-is-counted",
    what: "a replica's word counts whether or not it is complete",
    changes: [
      {
        file: "server/core/gossip/durable-copies.ts",
        find: "told !== undefined && told.isComplete && told.ring",
        replace: "told !== undefined && told.ring",
      },
    ],
  },
  {
    name: "wiped-disk-takes-itself-for-unused",
    what: "a disk that was wiped says that nobody has used the room yet",
    changes: [
      {
        file: "server/core/gossip/room-trace.ts",
        find: 'return heldItsPlace && !disk.hasTrace ? "unused" : "blank";',
        replace: 'return disk.hasTrace && heldItsPlace ? "blank" : "unused";',
      },
    ],
  },
  {
    name: "durable-is-what-is-in-memory",
    what: "a replica tells the others that it has on disk what it has in memory",
    changes: [
      {
        file: "server/core/gossip/replication.ts",
        find: "  get durableClock(): VectorClock {\n    return knownDurable(this.#copy);",
        replace: "  get durableClock(): VectorClock {\n    return this.#copy.content.clock;",
      },
      {
        file: "server/core/gossip/replication.ts",
        find: "    this.#copies.entered(entry.dot);\n",
        replace: "    this.#copies.entered(entry.dot);\n    this.followers.tellAll();\n",
      },
    ],
  },
  {
    name: "cover-before-disk",
    what: "a clock is taken over from another relay before what it names is on this disk",
    changes: [
      {
        file: "server/core/gossip/difference-intake.ts",
        find: "? needed <= position : state",
        replace: "? needed >= 0 : state",
      },
    ],
  },
  {
    name: "effects-before-causes",
    what: "an entry from another relay is let in though what it was written after is not here",
    changes: [
      {
        file: "server/core/gossip/causal-delivery.ts",
        find: "if (known.covers(entry.deps)) return",
        replace: "if (known.covers(entry.deps) || known.counter(entry.dot.actor) + 1 === entry.dot.counter) return",
      },
    ],
  },
  {
    name: "tombstone-forgotten",
    what: "what speaks of a generation that was deleted is let in",
    changes: [
      {
        file: "server/core/gossip/record-join.ts",
        find: 'return generation < current || record?.deleted !== undefined ? "closed" : "current";',
        replace: 'return generation < current ? "closed" : "current";',
      },
    ],
  },
  {
    name: "deletion-done-here",
    what: "a deletion is confirmed when one relay knows it",
    changes: [
      {
        file: "server/core/gossip/record-copies.ts",
        find: "if (held < copiesNeeded(this.#context.placement.choice.level, replicas.length)) return;",
        replace: "if (held < 1) return;",
      },
    ],
  },
  {
    name: "never-dialled-again",
    what: "an address to which a link was lost is not dialled any more",
    changes: [
      {
        file: "server/core/membership/dial-plan.ts",
        find: 'if (place.relay === relay && place.phase === "waiting") this.#later(place, nowMs);',
        replace: 'if (place.relay === relay && place.phase === "waiting") place.atMs = Number.POSITIVE_INFINITY;',
      },
    ],
  },
  {
    name: "far-clock-adopted",
    what: "a stamp an hour ahead pulls every clock along",
    changes: [
      {
        file: "shared/clock/hybrid-logical-clock.ts",
        find: "if (remote.physicalMs - wallMs > this.#offsetMaxMs) return false;",
        replace: "",
      },
    ],
  },
  {
    name: "behind-is-not-said",
    what: "a reader with a token from another relay is shown less than it saw there",
    changes: [
      {
        file: "server/core/room-requests.ts",
        find: "if (!knownDurable(room).covers(seen.value)) return this.#waitToCatchUp(request, room, ask, seen.value);",
        replace: "",
      },
    ],
  },
  {
    name: "unknown-actor-counts",
    what: "what a reader's token names of an actor that the room's clock does not name counts as here",
    changes: [
      {
        file: "server/core/room-requests.ts",
        find: "if (!knownDurable(room).covers(seen.value)) return this",
        replace:
          "if (seen.value.entries().some(([actor, counter]) => clock.counter(actor) > 0 && clock.counter(actor) < counter)) return this",
      },
    ],
  },
  {
    name: "pruned-by-hearsay",
    what: "a relay takes another one's word for having what needs no name, whether or not all that makes it so is on this disk",
    changes: [
      {
        file: "server/core/gossip/pruned-names.ts",
        find: "named.within(pruned).size > 0 && known.covers(clock)",
        replace: "pruned.size > 0 && (known.covers(clock) || named.size > 0)",
      },
      {
        file: "server/log/pruned-cut.ts",
        find: "clock.join(prunedBefore).covers(told.clock) ? told.pruned : VectorClock.empty",
        replace: "told.pruned",
      },
      { file: "server/log/pruned-cut.ts", find: "toldOf.counter(actor) >= counter ||", replace: "toldOf.counter(actor) > 0 ||" },
      {
        file: "server/log/pruned-cut.ts",
        find: "prunedBefore.join(gone) : gone;",
        replace: "prunedBefore.join(gone).join(toldOf) : gone.join(toldOf);",
      },
    ],
  },
  {
    name: "the-living-pruned",
    what: "lives that write are pruned among several relays, and a relay follows what is said so of its own",
    changes: [
      {
        file: "server/core/gossip/pruned-names.ts",
        find: "return new Set([actor, ...peers.linked]);",
        replace: "return new Set(peers.linked.filter((linked) => linked.length + actor.length === 0));",
      },
    ],
  },
  {
    name: "said-one-version-too-early",
    what: "a word is said over links of the version before it, too",
    changes: [{ file: "shared/wire/mesh-message.ts", find: "names: namesSince,", replace: "names: namesSince - 1," }],
  },
  {
    name: "bulk-not-gated",
    what: "what is said about rooms is said over every link, whether its version has a word for it or not",
    changes: [
      {
        file: "server/core/peers/link-queue.ts",
        find: "if (isSpokenIn(this.#version, message)) this.#bulk.add(ring, message);",
        replace: "this.#bulk.add(ring, message);",
      },
    ],
  },
  {
    name: "newer-version-spoken",
    what: "two relays speak the newer one of their versions",
    changes: [{ file: "shared/wire/protocol-version.ts", find: "Math.min(theirs, own)", replace: "Math.max(theirs, own)" }],
  },
];
