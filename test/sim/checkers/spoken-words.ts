/**
 * Spoken words: nothing that one relay says to another is new to the older of the two. It reads every frame between relays as whoever
 * hears it does, and knows by itself since which version there is a word for what: a release of an older version ends a link over a
 * word that it does not know, which the simulated ones, all of the same code, would read.
 *
 * Of versions it knows only what the hellos of a link say.
 */
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { decodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { decodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import type { MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { SimLine } from "../sim-network.ts";
import { Finding } from "../world.ts";

/** By hand, not by what the product believes. A new message comes with its line here. */
const since: Readonly<Record<MeshMessage["type"], number>> = {
  ...{ probe: 8, ack: 8, "indirect-probe": 8, nack: 8, rumors: 8, "push-pull": 8, ring: 8, load: 8 },
  ...{ entries: 8, want: 8, unavailable: 8, durable: 8, "durable-query": 8, subscribe: 8, tree: 8, digests: 8 },
  ...{ compare: 8, "difference-request": 8, difference: 8, cover: 8, record: 8, "record-durable": 8 },
  ...{ "presence-watch": 8, presence: 8, list: 8, listed: 8 },
  ...{ release: 9, names: 10, words: 11, pruned: 12 },
  ...{ "history-request": 12, "history-part": 12, "history-offer": 12, "history-covered": 12 },
  ...{ "blob-request": 13, "blob-part": 13, "blob-absent": 13, "blob-offer": 13, "blob-held": 13 },
};

type Direction = "to-relay" | "from-relay";

interface Talk {
  readonly versions: number[];
  readonly memories: Readonly<Record<Direction, LinkMemory>>;
}

export class SpokenWords {
  readonly #talks = new WeakMap<SimLine, Talk>();

  /** A frame of a line between relays, in the order in which they were sent. */
  said(line: SimLine, direction: Direction, bytes: Uint8Array): void {
    const talk = this.#talks.get(line) ?? { versions: [], memories: { "to-relay": new LinkMemory(), "from-relay": new LinkMemory() } };
    this.#talks.set(line, talk);
    const handshake = decodeHandshake(bytes);
    if (handshake.ok) {
      if (handshake.value.type === "hello") talk.versions.push(handshake.value.version);
      return;
    }
    const frame = decodeMeshFrame(bytes, talk.memories[direction]);
    const who = direction === "to-relay" ? `${line.from} to ${line.host}` : `${line.host} to ${line.from}`;
    if (!frame.ok) throw new Finding("relays understand each other", `${who}: ${frame.refusal.detail}`);
    const version = Math.min(...talk.versions);
    const unknown = frame.value.messages.find(({ type }) => since[type] > version);
    if (unknown !== undefined)
      throw new Finding("relays understand each other", `${who}: "${unknown.type}" over a link of version ${version}`);
  }
}
