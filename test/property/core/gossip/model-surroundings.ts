/**
 * ModelSurroundings: the world as a relay of the model sees it.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import type { ReplicationLimits } from "../../../../server/core/gossip/replication-limits.ts";
import type { Token } from "./model-disk.ts";

/** What a relay does to the world. */
export interface ModelSurroundings {
  readonly limits: ReplicationLimits;
  readonly random: Random;
  readonly replicas: number;
  nowMs(): number;
  send(from: ActorId, to: ActorId, frame: MeshFrame): void;
  /** Everything up to a token is on the disks of `holders`, W of the `replicas`. */
  saved(token: Token, holders: readonly RelayId[], replicas: readonly RelayId[]): void;
  issued(entry: Entry): void;
  /** Something that a world should see now and then, or it proves little. */
  count(what: string): void;
}
