import { actorOf, type RelayId, type RingId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { expect, test } from "vitest";
import { entriesMessages } from "../../../../server/core/gossip/missing-entries.ts";

const lineage = { room: "notes" as RoomName, generation: 0 };
const lifeOf = (relay: string): ReturnType<typeof actorOf> => actorOf(relay as RelayId, new Uint8Array(8));

/** A typist's entries, each of which knows what `actors` lives wrote before. */
function typed(count: number, actors: number): readonly Entry[] {
  const known = Array.from({ length: actors }, (_, index) => [lifeOf(`r${index}`), 9] as const);
  return Array.from({ length: count }, (_, index) => ({
    dot: { actor: lifeOf("a"), counter: index + 1 },
    deps: VectorClock.of([...known, [lifeOf("a"), index]]),
    hlc: { physicalMs: 1_700_000_000_000, logical: index, relay: "a" as RelayId },
    author: "",
    payload: new Uint8Array(4),
  }));
}

test.each([
  { what: "many small entries", count: 20_000, actors: 0, messages: 10 },
  { what: "entries that know of many lives", count: 1_000, actors: 60, messages: 16 },
  { what: "an entry that knows of more lives than a message may name", count: 1, actors: 5_000, messages: 1 },
])("[P8] $what go in as many messages as can be read", ({ count, actors, messages }) => {
  const entries = typed(count, actors);
  const said = entriesMessages(lineage, undefined, entries);
  expect(said).toHaveLength(messages);
  const read = said.flatMap((message) => {
    const frame = decodeMeshFrame(encodeMeshFrame({ ring: "0011223344556677" as RingId, messages: [message] }));
    const [back] = frame.ok ? frame.value.messages : [];
    return back?.type === "entries" ? back.entries : [];
  });
  expect(read.map(({ dot }) => dot)).toEqual(entries.map(({ dot }) => dot));
});
