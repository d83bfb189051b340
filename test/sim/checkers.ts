/**
 * Checkers: all that watch one history, and where each is told of what.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { Limits } from "../../server/core/limits.ts";
import { AuditLog } from "./checkers/audit-log.ts";
import { mustBeWithinLimits } from "./checkers/bounds.ts";
import { DevicePromises } from "./checkers/device-promises.ts";
import { SavedStatus } from "./checkers/saved-status.ts";
import { snapshotEqualsLog } from "./checkers/snapshot-equals-log.ts";
import { WirePromises } from "./checkers/wire-promises.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { DeviceWatcher } from "./sim-device-store.ts";
import type { SimLine, Tap } from "./sim-network.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { SimTab } from "./sim-tab.ts";
import { Finding, type World } from "./world.ts";

export class Checkers {
  readonly audit = new AuditLog();
  readonly devicePromises = new DevicePromises(this.audit);
  readonly savedStatus = new SavedStatus(this.audit);
  readonly wire: WirePromises;
  readonly #world: World;
  readonly #disk: SimDisk;
  readonly #limits: Limits;
  visits = 0;
  reads = 0;
  compactions = 0;
  deletions = 0;

  constructor(options: { world: World; disk: SimDisk; limits: Limits; isHonest: (line: SimLine) => boolean }) {
    this.#world = options.world;
    this.#disk = options.disk;
    this.#limits = options.limits;
    this.wire = new WirePromises({ audit: this.audit, isHonest: options.isHonest });
    options.disk.onSynced = (transaction) => this.#world.watch(() => this.audit.synced(transaction));
  }

  tap(): Tap {
    return {
      toRelay: (line, bytes) => this.#world.watch(() => this.wire.toRelay(line, bytes)),
      fromRelay: (line, bytes) => this.#world.watch(() => this.wire.fromRelay(line, bytes)),
    };
  }

  deviceWatcher(device: string): DeviceWatcher {
    const watcher = this.devicePromises.watcher(device);
    return {
      asked: (room, changes) =>
        this.#world.watch(() => {
          for (const change of changes)
            if (change.type === "edits") for (const { bytes } of change.entries) this.savedStatus.handedOver(bytes);
          watcher.asked(room, changes);
        }),
      kept: (room, changes) => this.#world.watch(() => watcher.kept(room, changes)),
      refused: () => watcher.refused(),
    };
  }

  /** Whoever asked for a deletion was told that it is done. */
  deletionDone(lineage: Lineage): void {
    if (!this.audit.isClosed(lineage))
      throw new Finding("done means done", `the deletion of ${lineage.room} was confirmed, and is not on disk`);
    this.deletions += 1;
  }

  async compacted(lineage: Lineage): Promise<void> {
    this.compactions += 1;
    await snapshotEqualsLog(this.#disk, this.audit, lineage);
  }

  afterRelayEvent(relay: SimRelay): void {
    const census = relay.census();
    if (census !== undefined) mustBeWithinLimits(census, this.#limits);
  }

  afterTabEvent(tab: SimTab): void {
    this.savedStatus.mustHaveHandedOver(tab);
    this.savedStatus.look(tab);
  }
}
