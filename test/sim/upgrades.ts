/**
 * Upgrades: in some histories the relays are of several versions at first, and one after the other is brought to the newest: ended,
 * in order or not, and started again on its folder. Not all of them: some stay as they are to the end, as in a mesh that nobody has
 * finished to upgrade. Who comes later is of the newest.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import type { Checkers } from "./checkers.ts";
import type { Fleet } from "./fleet.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { World } from "./world.ts";

/** How many of the meshes are of several versions, and how many of their older relays are upgraded. */
const mixed = 0.2;
const upgraded = 0.75;

export class Upgrades {
  done = 0;
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #random: Random;

  /** To be made before anybody is started. */
  constructor({ world, fleet, checkers }: { readonly world: World; readonly fleet: Fleet; readonly checkers: Checkers }) {
    this.#world = world;
    this.#fleet = fleet;
    this.#random = world.random("versions");
    // Where an older one has no word for histories, copies are kept that tell some.
    if (!fleet.isMesh || fleet.keepsHistories || this.#random.fraction() >= mixed) return;
    checkers.mindWords();
    for (const relay of fleet.relays) relay.version = meshVersionMin + randomInteger(this.#random, meshVersion - meshVersionMin + 1);
  }

  /** Those that are to be upgraded are so within `ms`. */
  begin(ms: number): void {
    for (const relay of this.#fleet.relays) {
      if (relay.version === meshVersion || this.#random.fraction() > upgraded) continue;
      this.#world.schedule(this.#random.fraction() * ms, undefined, "relay is upgraded", () => this.#upgrade(relay));
    }
  }

  #upgrade(relay: SimRelay): void {
    if (relay.isGone) return;
    relay.version = meshVersion;
    this.done += 1;
    if (this.#random.fraction() < 0.7) relay.stop();
    else relay.kill();
    this.#world.schedule(200 * 40 ** this.#random.fraction(), undefined, "relay is started", () => relay.start());
  }
}
