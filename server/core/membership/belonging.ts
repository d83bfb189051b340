/**
 * Belonging: how a relay comes to belong to a mesh, and to have a place on its ring.
 *
 *     no --join ─────────────────────────────────────────▶ founds: draws the MeshId (before the core starts)
 *     --join, its own address first ──nobody else has one─▶ founds, when each of the others was asked, or `foundAfterMs` is over
 *     --join ──a link is proven────────────────────────────▶ learns the MeshId, hears the ring, writes "joining" about itself
 *     a folder that belongs already ───────────────────────▶ keeps mesh and place; no --join is needed
 *
 * A relay writes its record only after it has heard a ring in this life: its folder may be new and the name may not be, and a
 * record from nothing would be overruled by what others know of the name. One join per life: what an operator forgets
 * afterwards stays forgotten until somebody starts the relay with `--join` again.
 *
 * Invariant: of relays that were started with the same list at most one founds, and none while another one of them has a mesh
 * and answers. Knows nothing about sockets or time beyond what it is told.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { MeshId, RelayId } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { KnownAddress } from "./dial-plan.ts";
import { RingRecords, type RingPlace } from "./ring-records.ts";

/** What a data folder says of the mesh that it belongs to. */
export interface KeptMesh {
  readonly mesh: MeshId;
  /** The records of the ring, in rising order of their relays. */
  readonly ring: readonly RingRecord[];
  /** Where which relays were reached. */
  readonly addresses: readonly KnownAddress[];
}

/** A mesh of one, with a name of its own. */
export function foundMesh(self: RelayId, place: RingPlace, random: Random): KeptMesh {
  return { mesh: drawMeshId(random), ring: firstRing(self, place).entries(), addresses: [] };
}

export function drawMeshId(random: Random): MeshId {
  return hexOf(random.bytes(8)) as MeshId;
}

/** Whoever is alone has every room that is placed on it. */
export function firstRing(self: RelayId, place: RingPlace): RingRecords {
  return RingRecords.empty.join(self, place).advance(self, "member");
}

export class Belonging {
  readonly #self: RelayId;
  readonly #place: RingPlace;
  /** Whether this life was started with `--join`. */
  readonly #isJoining: boolean;
  /** Addresses that may lead to somebody who has a mesh; undefined where another relay has to found. */
  readonly #unasked: Set<string> | undefined;
  readonly #foundsMs: number;
  #isSettled = false;

  /** `join` as the operator gave it, `address` where this relay is reached. */
  constructor(options: { self: RelayId; place: RingPlace; address: string; join: readonly string[]; foundAfterMs: number; nowMs: number }) {
    const { self, place, address, join, foundAfterMs, nowMs } = options;
    this.#self = self;
    this.#place = place;
    this.#isJoining = join.length > 0;
    this.#unasked = join[0] === address && address !== "" ? new Set(join.filter((seed) => seed !== address)) : undefined;
    this.#foundsMs = nowMs + foundAfterMs;
  }

  /** There was nobody at `address` who has a mesh. */
  askedInVain(address: string): void {
    this.#unasked?.delete(address);
  }

  /** Whether this relay, which has no mesh, is the one that founds it, now. */
  founds(nowMs: number): boolean {
    return this.#unasked !== undefined && (this.#unasked.size === 0 || this.#foundsMs <= nowMs);
  }

  /** When `founds` changes by time alone, for a relay that has no mesh. */
  nextDeadline(): number {
    return this.#unasked === undefined ? Number.POSITIVE_INFINITY : this.#foundsMs;
  }

  /**
   * A ring was heard, and `ring` is all that is known: the ring with this relay's place, if it has to be written. One that belongs
   * already, and was started with another weight or zone than before, moves.
   */
  heard(ring: RingRecords): RingRecords | undefined {
    if (this.#isSettled) return undefined;
    const status = ring.status(this.#self);
    const isGone = status === "left" || status === "forgotten";
    this.#isSettled = true;
    if (status === undefined || (isGone && this.#isJoining)) return ring.join(this.#self, this.#place);
    const moved = isGone ? ring : ring.move(this.#self, this.#place);
    return moved === ring ? undefined : moved;
  }
}
