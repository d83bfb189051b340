/**
 * [P2] Told durability: "on so many replicas, so many are enough", whoever is told it, in whatever words: it counts as a ring does that the
 * relay knows, and what it is said of is on as many platters, and visible there.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import { Finding } from "../world.ts";
import { isNothing, type Content } from "./content.ts";
import type { Platters } from "./platters.ts";
import { neededFor, type Placing } from "./rings.ts";

export interface ToldDurabilityOptions {
  readonly platters: Platters;
  /** Who was told, for people. */
  readonly who: string;
  readonly lineage: Lineage;
  readonly told: Durability;
  /** Where the relay that said it believes that rooms belong. */
  readonly known: readonly Placing[];
}

export class ToldDurability {
  readonly #options: ToldDurabilityOptions;
  /** The rings that count so. */
  readonly placings: readonly Placing[];

  constructor(options: ToldDurabilityOptions) {
    this.#options = options;
    const { who, lineage, told, known } = options;
    const { replicas, needed } = told;
    this.placings = known.filter(
      (placing) => placing.replicasOf(lineage.room).length === replicas && neededFor(placing, lineage.room) === needed,
    );
    if (this.placings.length === 0)
      throw new Finding("acks count the ring's replicas", `${who}: ${needed} of ${replicas} are enough, which is of no ring that it knows`);
  }

  /** It was said of that. Nothing is everywhere, also where nobody has used the room yet. */
  mustHold(content: Content, what: string): void {
    if (isNothing(content)) return;
    const { platters, who, lineage, told } = this.#options;
    const held = Math.max(...this.placings.map((placing) => platters.copies(lineage, content, placing).length));
    if (held < told.copies)
      throw new Finding(
        "acked means on disk",
        `${who}, ${lineage.room}/${lineage.generation}: ${what} was acked on ${told.copies}, and a reader of the disk would see it on ${held}`,
      );
  }
}
