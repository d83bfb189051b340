/**
 * KnownContent: what one client is known to have, as ranges of clocks, from what it said and what passed on its line;
 * and what an update hangs on that is not in it: the author's clocks before, origin, right origin, parent.
 */
import * as Y from "yjs";

interface Id {
  readonly client: number;
  readonly clock: number;
}

interface Struct {
  readonly id: Id;
  readonly length: number;
  readonly origin?: Id | null;
  readonly rightOrigin?: Id | null;
  readonly parent?: unknown;
}

export class KnownContent {
  readonly #clocks = new Map<number, number>();

  addStateVector(stateVector: Uint8Array): void {
    for (const [client, clock] of Y.decodeStateVector(stateVector)) this.#raise(client, clock);
  }

  /** The client sent it: so it has all that comes before, too, perhaps from another tab of its browser. */
  addSent(update: Uint8Array): void {
    for (const { id, length } of structsOf(update)) this.#raise(id.client, id.clock + length);
  }

  /** The client was sent it: only what is applicable becomes known. Bytes that cannot be read bring nothing. */
  addUpdate(update: Uint8Array): void {
    for (const { id, length } of structsOf(update)) {
      if ((this.#clocks.get(id.client) ?? 0) >= id.clock) this.#raise(id.client, id.clock + length);
    }
  }

  /** What of the update's needs is neither here nor in the update itself, in words; undefined: nothing. */
  missingFor(update: Uint8Array): string | undefined {
    const structs = structsOf(update);
    const within = new Map<number, number>();
    for (const { id, length } of structs) {
      const reached = Math.max(within.get(id.client) ?? 0, this.#clocks.get(id.client) ?? 0);
      if (id.clock > reached) return `client ${id.client} at ${reached}`;
      within.set(id.client, Math.max(reached, id.clock + length));
    }
    for (const struct of structs) {
      for (const need of [struct.origin, struct.rightOrigin, struct.parent]) {
        if (isId(need) && need.clock >= Math.max(within.get(need.client) ?? 0, this.#clocks.get(need.client) ?? 0))
          return `client ${need.client} at ${need.clock}`;
      }
    }
    return undefined;
  }

  #raise(client: number, clock: number): void {
    this.#clocks.set(client, Math.max(clock, this.#clocks.get(client) ?? 0));
  }
}

function isId(value: unknown): value is Id {
  return typeof value === "object" && value !== null && "client" in value && "clock" in value;
}

/** Within an update, each client's structs are in the order of their clocks. */
function structsOf(update: Uint8Array): readonly Struct[] {
  try {
    const { structs } = Y.decodeUpdate(update) as unknown as { structs: readonly Struct[] };
    return structs.filter((struct) => !(struct instanceof Y.Skip));
  } catch {
    return [];
  }
}
