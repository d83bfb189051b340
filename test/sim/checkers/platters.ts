/**
 * Platters: the audits of all disks that relays have and had, and what can be said of them together: how many replicas have
 * had something, whether it is saved, whether it is lost with its disks. Checkers ask here when it is not one relay's promise.
 *
 *     disk of a ─▶ AuditLog ─┐
 *     disk of b ─▶ AuditLog ─┼─▶ Platters
 *     lost disk of b (its)  ─┘
 *
 * It checks by itself, over all disks, those that were lost included: a dot names one payload (I3); and what a state is said to
 * cover is on the disk that says so, unless it is on no disk any more.
 */
import { lineageKey, type Lineage, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { SimDisk, Transaction } from "../sim-disk.ts";
import { digest } from "../trace.ts";
import { Finding, type World } from "../world.ts";
import { AuditLog, type AuditedLineage } from "./audit-log.ts";
import { applyTo, contentOf, newDocument, stateOf, type AnyDocument, type Content } from "./content.ts";
import { neededFor, type Placing } from "./rings.ts";

export interface PlattersOptions {
  readonly world: Pick<World, "watch" | "nowMs">;
  readonly rings: {
    /** Where rooms were ever believed to belong, the latest first. */
    readonly ever: readonly Placing[];
    /** Whether that relay believes that the room belongs to it. */
    isNamed(relay: RelayId, room: RoomName): boolean;
  };
  /** Whether a replica counts only where its disk says that it is complete. */
  readonly areMarked: boolean;
}

/** How long what was said of a disk may be on its way, in ms. */
const underWayMs = 20_000;

type Cause = Pick<Entry, "dot" | "deps">;

interface Seat {
  /** The disks that are there: one, and those of copies that run beside it. */
  readonly here: Set<AuditLog>;
  readonly ever: AuditLog[];
}

export class Platters {
  readonly #options: PlattersOptions;
  readonly #seats = new Map<RelayId, Seat>();
  readonly #ofDisk = new WeakMap<SimDisk, AuditLog>();
  /** Every entry that was ever on a disk, by lineage and dot. */
  readonly #written = new Map<string, { readonly digest: string; readonly content: Content }>();
  /** What those built on, by lineage, in the order in which they first came to a disk: causes before effects. */
  readonly #causes = new Map<string, Cause[]>();
  readonly #lostMs = new Map<AuditLog, number>();
  /** What was on a disk until it was dropped there, and when that was. */
  readonly #dropped: { readonly audit: AuditLog; readonly was: AuditedLineage; readonly isComplete: boolean; readonly atMs: number }[] = [];
  entries = 0;
  drops = 0;
  /** A disk has nothing of that any more. */
  onDropped: (audit: AuditLog, lineage: Lineage) => void = () => undefined;
  /** A disk of that replica says that it may vouch for the room from now on. */
  onCompleted: (audit: AuditLog, relay: RelayId, room: RoomName) => void = () => undefined;

  constructor(options: PlattersOptions) {
    this.#options = options;
  }

  /** From now on the disk is one of that relay's. `audit`: what it has already. */
  attach(relay: RelayId, disk: SimDisk, audit = new AuditLog(this.#options.areMarked ? relay : undefined)): void {
    const seat = this.#seats.get(relay) ?? { here: new Set(), ever: [] };
    this.#seats.set(relay, seat);
    seat.here.add(audit);
    seat.ever.push(audit);
    this.#ofDisk.set(disk, audit);
    audit.onCompleted = (room) => this.#options.rings.isNamed(relay, room) && this.onCompleted(audit, relay, room);
    audit.onDropped = (was, isComplete) => {
      this.drops += 1;
      this.#dropped.push({ audit, was, isComplete, atMs: this.#options.world.nowMs });
      this.onDropped(audit, was.lineage);
    };
    audit.isHere = (audited, dot) => this.#isHere(audited, dot);
    disk.onSynced = (transaction) => this.#options.world.watch(() => this.#synced(audit, transaction));
  }

  /** The disk is gone, with all that is on it. */
  lose(relay: RelayId, disk: SimDisk): void {
    const audit = this.of(disk);
    this.#seats.get(relay)?.here.delete(audit);
    this.#lostMs.set(audit, this.#options.world.nowMs);
  }

  of(disk: SimDisk): AuditLog {
    return this.#ofDisk.get(disk)!;
  }

  // -- all together ----------------------------------------------------------------------------------------------------

  /** The newest generation that a record on a disk names. */
  generation(room: string): number {
    return this.#all("here").reduce((newest, audit) => Math.max(newest, audit.generation(room)), 0);
  }

  /** Whether a disk that is there says so. */
  isClosed(lineage: Lineage): boolean {
    return this.#all("here").some((audit) => audit.isClosed(lineage));
  }

  /** The replicas, each by one of its disks that has or had all of it, or has the end of its generation. */
  copies(lineage: Lineage, content: Content, placing: Placing): readonly AuditLog[] {
    return placing.replicasOf(lineage.room).flatMap((relay) => {
      const disks = this.#seats.get(relay)?.ever ?? [];
      const vouches = (audit: AuditLog): boolean => !this.#options.areMarked || audit.isComplete(lineage.room);
      const has = (audit: AuditLog): boolean => vouches(audit) && (audit.isClosed(lineage) || audit.of(lineage).holds(content));
      return disks.findLast((audit) => has(audit) || this.#hadLately(audit, lineage, content)) ?? [];
    });
  }

  /** Whether it was there when that was said which is under way. */
  #hadLately(audit: AuditLog, lineage: Lineage, content: Content): boolean {
    const sinceMs = this.#options.world.nowMs - underWayMs;
    const isIt = ({ was }: { readonly was: AuditedLineage }): boolean =>
      lineageKey(was.lineage) === lineageKey(lineage) && was.holds(content);
    const lately = this.#dropped.filter((dropped) => dropped.audit === audit && dropped.atMs >= sinceMs);
    return lately.some((dropped) => (dropped.isComplete || !this.#options.areMarked) && isIt(dropped));
  }

  /** On as many replicas as that needs, or needed when there were others. */
  isSaved(lineage: Lineage, content: Content): boolean {
    return this.#options.rings.ever.some((placing) => this.copies(lineage, content, placing).length >= neededFor(placing, lineage.room));
  }

  /** On the disk of any relay. */
  isKept(lineage: Lineage, content: Content): boolean {
    return this.#all("ever").some((audit) => audit.isClosed(lineage) || audit.of(lineage).holds(content));
  }

  /** The disks of that relay that are there, and those that were lost later than at `sinceMs`. */
  disksSince(relay: RelayId, sinceMs: number): readonly AuditLog[] {
    const { here, ever } = this.#seats.get(relay) ?? { here: new Set(), ever: [] };
    return ever.filter((audit) => here.has(audit) || (this.#lostMs.get(audit) ?? Number.NEGATIVE_INFINITY) >= sinceMs);
  }

  isThere(audit: AuditLog): boolean {
    return [...this.#seats.values()].some(({ here }) => here.has(audit));
  }

  /** The disks that have it now, whosever they are. */
  holders(lineage: Lineage, content: Content): readonly AuditLog[] {
    return this.#all("here").filter((audit) => audit.of(lineage).holds(content));
  }

  /** On how many replicas the generation is closed, or was on a disk of theirs. */
  closings(lineage: Lineage, placing: Placing): number {
    return placing
      .replicasOf(lineage.room)
      .filter((relay) => this.#seats.get(relay)?.ever.some((audit) => audit.isClosed(lineage)) ?? false).length;
  }

  /** What `clock` names, and all that this builds on, as far as any disk ever knew. */
  withCauses(lineage: Lineage, clock: VectorClock): VectorClock {
    const causes = this.#causes.get(lineageKey(lineage)) ?? [];
    return causes.toReversed().reduce((known, { dot, deps }) => (known.contains(dot) ? known.join(deps) : known), clock);
  }

  /** What a reader of all disks together would see. */
  together(lineage: Lineage): AnyDocument {
    const doc = newDocument(lineage.room);
    for (const audit of this.#all("here")) applyTo(doc, stateOf(audit.of(lineage).doc));
    return doc;
  }

  #all(which: "here" | "ever"): readonly AuditLog[] {
    return [...this.#seats.values()].flatMap((seat) => [...seat[which]]);
  }

  // -- what must hold of all disks -------------------------------------------------------------------------------------

  #synced(audit: AuditLog, transaction: Transaction): void {
    const before = audit.entries;
    audit.synced(transaction);
    this.entries += audit.entries - before;
    if (transaction.type !== "append") return;
    for (const { lineage, entries } of transaction.batch) for (const entry of entries) this.#note(lineage, entry);
  }

  #note(lineage: Lineage, { dot, deps, payload }: Entry): void {
    const key = `${lineageKey(lineage)} ${dotKey(dot)}`;
    const known = this.#written.get(key);
    const now = digest(payload);
    if (known !== undefined && known.digest !== now)
      throw new Finding("one payload per dot", `${dotKey(dot)} named ${known.digest} on another disk, now ${now}`);
    if (known !== undefined) return;
    this.#written.set(key, { digest: now, content: contentOf(payload) });
    const causes = this.#causes.get(lineageKey(lineage)) ?? [];
    this.#causes.set(lineageKey(lineage), causes);
    causes.push({ dot, deps });
  }

  /** Its content is there, or was on disks that are lost, and is nowhere. */
  #isHere(audited: AuditedLineage, dot: Dot): boolean {
    const { lineage } = audited;
    const content = this.#written.get(`${lineageKey(lineage)} ${dotKey(dot)}`)?.content;
    if (content === undefined) return false;
    return audited.holds(content) || !this.#all("here").some((audit) => audit.of(lineage).holds(content));
  }
}
