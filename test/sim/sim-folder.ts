/**
 * SimFolder: a relay's data folder: its store's disk, and what it keeps of the mesh that it belongs to; and, as whoever looks at everything
 * knows, what that must hold, so that nobody repairs by hand what a relay should know by itself.
 *
 * Invariant: what must be known goes where the file of the mesh goes: with a copy, and with a folder whose disk alone is new.
 */
import type { Random } from "@inkmesh/shared/base/random";
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { KeptMesh } from "../../server/core/membership/belonging.ts";
import type { SimDisk } from "./sim-disk.ts";

export class SimFolder {
  readonly disk: SimDisk;
  /** On the platter. */
  mesh: KeptMesh | undefined;
  /** Machines of relays with which it was linked for long enough to know their address, and they its. */
  readonly linkedWith: Set<string>;
  /** Relays of which it had noted that they are forgotten. */
  readonly knowsForgotten: Set<RelayId>;

  /** `from`: whose file of the mesh it has. */
  constructor(disk: SimDisk, from?: SimFolder) {
    this.disk = disk;
    this.mesh = from?.mesh;
    this.linkedWith = new Set(from?.linkedWith);
    this.knowsForgotten = new Set(from?.knowsForgotten);
  }

  /** As it is now, on another disk. */
  async copy(random: Random): Promise<SimFolder> {
    return new SimFolder(await this.disk.copy(random), this);
  }
}
