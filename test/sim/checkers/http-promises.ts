/**
 * [P2] HTTP promises: an edit over HTTP that is answered as saved is on as many replicas' platters as the answer says, and that is enough.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { Finding } from "../world.ts";
import { contentOf, type Content } from "./content.ts";
import type { Platters } from "./platters.ts";
import type { Placing } from "./rings.ts";
import { ToldDurability } from "./told-durability.ts";

type Saved = (lineage: Lineage, content: Content, placings: readonly Placing[]) => void;

export interface HttpAnswered {
  /** Who was, for people. */
  readonly who: string;
  readonly room: RoomName;
  readonly update: Uint8Array;
  readonly answer: RoomAnswer & { type: "saved" };
  /** Where the relay that answers believes that rooms belong. */
  readonly known: readonly Placing[];
}

export class HttpPromises {
  readonly #platters: Platters;
  readonly #saved: Saved;
  /** How many were answered so. */
  writes = 0;

  constructor(platters: Platters, saved: Saved) {
    this.#platters = platters;
    this.#saved = saved;
  }

  answered({ who, room, update, answer, known }: HttpAnswered): void {
    const { durability, generation } = answer;
    const lineage = { room, generation };
    const content = contentOf(update);
    const told = new ToldDurability({ platters: this.#platters, who, lineage, told: durability, known });
    told.mustHold(content, "an edit over HTTP");
    if (durability.copies < durability.needed)
      throw new Finding("saved is true", `${who} was answered as saved on ${durability.copies}, and ${durability.needed} are enough`);
    this.writes += 1;
    this.#saved(lineage, content, told.placings);
  }
}
