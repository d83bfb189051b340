/**
 * MeshOrderMark: shows that whoever asks a relay to change the mesh holds the mesh secret. It names the order, the life that is asked and
 * the ring as that knows it, so that it is worth nothing to another relay, for another order, nor a second time once the ring has changed.
 */
import { encodeUtf8 } from "lib0/string";
import type { ActorId, RelayId, RingId } from "../base/ids.ts";
import { markOf } from "./mark.ts";

export interface MeshOrder {
  /**
   * To give a relay up that is dead; to have one that is there hand over all that it has, and leave; to have one look at its disk, and
   * compare what it has with others.
   */
  readonly order: "forget" | "drain" | "verify";
  /** The life that is asked. */
  readonly actor: ActorId;
  readonly ring: RingId;
  /** Whom it is about. */
  readonly relay: RelayId;
}

export function meshOrderMark({ order, actor, ring, relay }: MeshOrder, secret: Uint8Array): Uint8Array {
  return markOf(`inkmesh mesh ${order}`, [encodeUtf8(`${actor}\n${ring}\n${relay}`)], secret);
}
