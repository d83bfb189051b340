/**
 * ModelParts: the real parts of one life of a relay, put together for the world of one room.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { AntiEntropy } from "../../../../server/core/gossip/anti-entropy.ts";
import { CausalDelivery } from "../../../../server/core/gossip/causal-delivery.ts";
import { Completeness } from "../../../../server/core/gossip/completeness.ts";
import { unmarkedTrace } from "../../../../server/core/gossip/room-trace.ts";
import { DifferenceIntake } from "../../../../server/core/gossip/difference-intake.ts";
import { DigestTree, leafOf } from "../../../../server/core/gossip/digest-tree.ts";
import { DurableCopies } from "../../../../server/core/gossip/durable-copies.ts";
import { lineage } from "../../../unit/core/gossip/a-room.ts";
import type { ModelCopy } from "./model-copy.ts";
import { room, type ModelDisk } from "./model-disk.ts";
import type { ModelPlace } from "./model-place.ts";
import type { ModelSurroundings } from "./model-surroundings.ts";

interface ModelParts {
  readonly delivery: CausalDelivery;
  readonly completeness: Completeness;
  readonly copies: DurableCopies;
  readonly intake: DifferenceIntake;
  readonly antiEntropy: AntiEntropy;
}

interface Around {
  readonly copy: ModelCopy;
  readonly place: ModelPlace;
  readonly world: ModelSurroundings;
}

export function partsOf(self: RelayId, disk: ModelDisk, { copy, place, world }: Around): ModelParts {
  const { limits, random, replicas } = world;
  const trace = unmarkedTrace(room, { hasTrace: disk.log.length > 0, whole: disk.wholeRing }, { self, replicas });
  const completeness = new Completeness({ self, limits, trace: disk.isMarked ? "marked" : trace, former: place.former() });
  return {
    delivery: new CausalDelivery({ self, limits, room: { known: () => copy.clock, replicas: () => place.replicas } }),
    completeness,
    copies: new DurableCopies({
      self,
      level: "majority",
      // Few enough that histories come past it.
      dotsMax: 16,
      clock: copy.clock,
      isComplete: completeness.isComplete,
      ring: disk.ring.id,
      replicas: place.replicas,
    }),
    intake: new DifferenceIntake({ lineage, limits }),
    antiEntropy: new AntiEntropy({
      self,
      limits,
      random,
      rooms: {
        treeWith: (peer) => DigestTree.of(place.isSharedWith(peer) ? [leafOf({ room, digest: copy.digest() })] : []),
        isSharedWith: (peer) => place.isSharedWith(peer),
        digest: () => copy.digest(),
      },
    }),
  };
}
