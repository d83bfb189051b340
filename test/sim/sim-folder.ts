/**
 * SimFolder: a relay's data folder: its store's disk, and what it keeps of the mesh that it belongs to.
 */
import type { Random } from "@inkmesh/shared/base/random";
import type { KeptMesh } from "../../server/core/membership/belonging.ts";
import type { SimDisk } from "./sim-disk.ts";

export class SimFolder {
  readonly disk: SimDisk;
  /** On the platter. */
  mesh: KeptMesh | undefined;

  constructor(disk: SimDisk, mesh: KeptMesh | undefined) {
    this.disk = disk;
    this.mesh = mesh;
  }

  /** As it is now, on another disk. */
  async copy(random: Random): Promise<SimFolder> {
    return new SimFolder(await this.disk.copy(random), this.mesh);
  }
}
