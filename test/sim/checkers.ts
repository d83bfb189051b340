/**
 * Checkers: all that watch one history, and where each is told of what.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Limits } from "../../server/core/limits.ts";
import type { AuditLog } from "./checkers/audit-log.ts";
import { mustBeWithinLimits } from "./checkers/bounds.ts";
import { DevicePromises } from "./checkers/device-promises.ts";
import { DroppedMeansElsewhere } from "./checkers/dropped-means-elsewhere.ts";
import { hashesStand } from "./checkers/hash-stands.ts";
import { HttpPromises, type HttpAnswered } from "./checkers/http-promises.ts";
import { LeftMeansElsewhere } from "./checkers/left-means-elsewhere.ts";
import { Platters } from "./checkers/platters.ts";
import { neededFor, Rings, type StatusChange } from "./checkers/rings.ts";
import { SavedStatus } from "./checkers/saved-status.ts";
import { SavedStays } from "./checkers/saved-stays.ts";
import { snapshotEqualsLog } from "./checkers/snapshot-equals-log.ts";
import { SpokenWords } from "./checkers/spoken-words.ts";
import { TrueCounts } from "./checkers/true-counts.ts";
import { WirePromises } from "./checkers/wire-promises.ts";
import type { Fleet } from "./fleet.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { DeviceWatcher } from "./sim-device-store.ts";
import type { SimHocuspocusClient } from "./sim-hocuspocus-client.ts";
import type { SimLine, Tap } from "./sim-network.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { SimTab } from "./sim-tab.ts";
import { Finding, type World } from "./world.ts";

export interface CheckersOptions {
  readonly world: World;
  readonly fleet: Fleet;
  readonly limits: Limits;
  readonly isHonest: (line: SimLine) => boolean;
}

export class Checkers {
  readonly rings: Rings;
  readonly platters: Platters;
  readonly devicePromises: DevicePromises;
  readonly savedStatus: SavedStatus;
  readonly savedStays: SavedStays;
  readonly wire: WirePromises;
  readonly http: HttpPromises;
  readonly trueCounts: TrueCounts;
  readonly elsewhere: LeftMeansElsewhere;
  readonly dropped: DroppedMeansElsewhere;
  /** Where not all relays are of one version. */
  #words: SpokenWords | undefined;
  readonly #fleet: Fleet;
  readonly #world: World;
  readonly #limits: Limits;
  /** How often fresh readers were served by which relay. */
  readonly visitsOf = new Map<SimRelay, number>();
  reads = 0;
  compactions = 0;
  deletions = 0;
  /** How often a room was listed with what its content hashes to. */
  hashes = 0;

  constructor({ world, fleet, limits, isHonest }: CheckersOptions) {
    this.#world = world;
    this.#fleet = fleet;
    this.#limits = limits;
    this.rings = new Rings(() => world.nowMs, fleet.isMesh ? undefined : fleet.relays[0]!.self);
    this.rings.onStatusChanged = (change) => this.#statusChanged(change);
    this.platters = new Platters({ world, rings: this.rings, areMarked: fleet.isMesh });
    this.elsewhere = new LeftMeansElsewhere(this.platters, () => world.nowMs);
    this.dropped = new DroppedMeansElsewhere(this.platters, () => world.nowMs);
    this.devicePromises = new DevicePromises(this.platters);
    this.savedStatus = new SavedStatus(this.platters);
    this.savedStays = new SavedStays(this.platters, () => world.nowMs);
    this.platters.onDropped = (audit, lineage) => this.savedStays.dropped(audit, lineage);
    this.wire = new WirePromises({
      platters: this.platters,
      auditOf: (line) => this.auditOf(fleet.at(line.host)),
      placingsOf: (line) => this.rings.believedBy(fleet.at(line.host)),
      isHonest: (line) => line.from === undefined && isHonest(line),
      saved: (lineage, content, placings) => this.savedStays.saved(lineage, content, placings),
    });
    this.http = new HttpPromises(this.platters, (lineage, content, placings) => this.savedStays.saved(lineage, content, placings));
    this.trueCounts = new TrueCounts(this.platters);
    for (const relay of fleet.relays) this.attach(relay);
    fleet.onLife = (relay, actor) => void (this.auditOf(relay).life = actor);
  }

  /** A script was answered by that relay, in this moment, that its edit is saved. */
  savedOverHttp(relay: SimRelay, answered: Omit<HttpAnswered, "known">): void {
    this.#world.watch(() => this.http.answered({ ...answered, known: this.rings.believedBy(relay) }));
  }

  /** What is on the disk of that relay now. */
  auditOf(relay: SimRelay): AuditLog {
    return this.platters.of(relay.folder.disk);
  }

  /** Its disk is a new one. `audit`: what is on it already. */
  attach(relay: SimRelay, audit?: AuditLog): void {
    const { disk } = relay.folder;
    this.platters.attach(relay.self, disk, audit);
    disk.onDropAsked = (lineages) =>
      this.#world.watch(() => this.dropped.decided(relay, this.platters.of(disk), lineages, this.rings.believedBy(relay)));
    this.platters.of(disk).told = disk.keepsHistory ? (lineage) => disk.told(lineage) : undefined;
    disk.onHashed = () => this.#world.watchLater(this.hashed(disk));
    disk.onCompacted = (lineage) => this.#world.watchLater(this.compacted(disk, lineage));
  }

  tap(): Tap {
    return {
      toRelay: (line, bytes) => {
        this.#world.watch(() => this.wire.toRelay(line, bytes));
        if (line.from !== undefined) this.#world.watch(() => this.#words?.said(line, "to-relay", bytes));
      },
      fromRelay: (line, bytes) => {
        this.#world.watch(() => this.wire.fromRelay(line, bytes));
        if (line.from !== undefined) this.#world.watch(() => this.#words?.said(line, "from-relay", bytes));
      },
    };
  }

  /** Whether anything of the room is on one of their disks: of what all of it is lost nothing says there that it is complete. */
  haveHeardOf(room: string, relays: readonly SimRelay[]): boolean {
    return relays.some((relay) => this.auditOf(relay).hasHeardOf(room as RoomName));
  }

  /** Relays are of several versions. */
  mindWords(): void {
    this.#words = new SpokenWords();
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

  visited(relay: SimRelay): void {
    this.visitsOf.set(relay, (this.visitsOf.get(relay) ?? 0) + 1);
  }

  get visits(): number {
    return [...this.visitsOf.values()].reduce((sum, visits) => sum + visits, 0);
  }

  /** Whoever asked that relay for a deletion was told that it is done. */
  deletionDone(relay: SimRelay, lineage: Lineage): void {
    const isDone = this.rings
      .believedBy(relay)
      .some((placing) => this.platters.closings(lineage, placing) >= neededFor(placing, lineage.room));
    if (!isDone) throw new Finding("done means done", `the deletion of ${lineage.room} was confirmed, and is not on as many disks`);
    this.deletions += 1;
  }

  async compacted(disk: SimDisk, lineage: Lineage): Promise<void> {
    this.compactions += 1;
    await snapshotEqualsLog(disk, this.platters.of(disk), lineage, (clock) => this.platters.withCauses(lineage, clock));
  }

  async hashed(disk: SimDisk): Promise<void> {
    this.hashes += await hashesStand(disk);
  }

  afterRelayEvent(relay: SimRelay): void {
    this.rings.look(relay);
    const wallMs = relay.wallMs;
    if (wallMs !== undefined) {
      const audit = this.auditOf(relay);
      audit.latestWallMs = Math.max(audit.latestWallMs ?? wallMs, wallMs);
    }
    const census = relay.census();
    if (census !== undefined) mustBeWithinLimits(census, this.#limits);
  }

  #statusChanged({ relay, before, now, placing }: StatusChange): void {
    // Where a copy of the folder runs, or did, that may have said it.
    if (this.#fleet.cloned.has(relay.self)) return;
    const audit = this.auditOf(relay);
    if (before === "joining" && now === "member") this.savedStays.belongs(audit, relay.self, placing);
    if (now !== "left") return;
    this.elsewhere.left(relay.self, audit, placing, relay.isLate);
    this.savedStays.moved(audit);
  }

  /** Each event of a client that counts what is not saved. */
  afterCountingEvent(client: SimHocuspocusClient): void {
    this.trueCounts.look(client);
  }

  afterTabEvent(tab: SimTab): void {
    this.savedStatus.mustHaveHandedOver(tab);
    this.savedStatus.look(tab);
  }
}
