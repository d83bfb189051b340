/**
 * SimDisk: a relay's disk, which outlives the relay: an image of what is synced, and transactions that are written and
 * not synced yet.
 *
 *     append ─▶ written (in the system's cache) ─▶ synced (on the platter)
 *               survives kill -9                   survives a power loss, too
 *
 * A store commits whole transactions or nothing, by contract (`test/contract/update-log.contract.ts`): a torn one is
 * found at the next start and dropped. So a power loss keeps a prefix of the written ones.
 *
 * Invariant: what `synced` was told of is in the image for ever, whatever happens. Times and faults are the disk's, not
 * the store's: slow, full, failing writes, and writes that took effect though the store was told that they failed.
 */
import type { Lineage, RelayId } from "@inkmesh/shared/base/ids";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Append, BlobKeeping, LogResult } from "../../server/log/update-log.ts";
import type { HashedContent, RoomRecord } from "../../server/core/stored-room.ts";
import { engineOfRoom } from "../engines.ts";

export type Transaction =
  /** `hashes`: of what was there before it. */
  | { readonly type: "append"; readonly batch: readonly Append[]; readonly hashes?: readonly HashedContent[] }
  | { readonly type: "record"; readonly record: RoomRecord; readonly completes?: boolean }
  | { readonly type: "drop"; readonly lineages: readonly Lineage[] }
  | {
      readonly type: "blob";
      readonly lineage: Lineage;
      readonly name: BlobName;
      readonly bytes: Uint8Array;
      readonly keeping: BlobKeeping;
    }
  | { readonly type: "whole-ring"; readonly ring: readonly RingRecord[] };

/** What the disk does at present. */
export interface DiskMood {
  writeMs: number;
  syncMs: number;
  /** No space is left. */
  full: boolean;
  /** Chances in [0, 1] for a transaction: its write fails; its sync fails; its answer is lost after the sync. */
  writeFails: number;
  syncFails: number;
  answerLost: number;
}

export class SimDisk {
  readonly image: MemoryUpdateLog;
  readonly mood: DiskMood = { writeMs: 0.1, syncMs: 0.6, full: false, writeFails: 0, syncFails: 0, answerLost: 0 };
  readonly #random: Random;
  readonly #nestingMax: number;
  readonly #relay: RelayId | undefined;
  readonly #keepsHistory: boolean;
  readonly #written: Transaction[] = [];
  /** All that was ever synced, in order: what a copy of the disk is made from. */
  readonly #synced: Transaction[] = [];
  /** Told of every transaction when it is on the platter, before anybody else is. */
  onSynced: (transaction: Transaction) => void = () => undefined;
  /** Told when its relay wants copies dropped, before anything is written. */
  onDropAsked: (lineages: readonly Lineage[]) => void = () => undefined;
  /** Told of every compaction when it is done. */
  onCompacted: (lineage: Lineage) => void = () => undefined;
  /** Told when it was told what contents hash to. */
  onHashed: () => void = () => undefined;
  #highestStampMs = 0;

  /** `relay`: whose it is; undefined where there is one only. */
  constructor(options: { random: Random; nestingMax: number; relay?: RelayId | undefined; keepsHistory?: boolean }) {
    this.#random = options.random;
    this.#relay = options.relay;
    this.#nestingMax = options.nestingMax;
    this.#keepsHistory = options.keepsHistory ?? false;
    this.image = new MemoryUpdateLog({ engineOf: engineOfRoom, nestingMax: options.nestingMax, keepsHistory: this.#keepsHistory });
  }

  /** An upper bound of the stamps on the platter that its own relay gave, as stores keep it. */
  get hlcFloorMs(): number {
    return this.#highestStampMs;
  }

  get keepsHistory(): boolean {
    return this.#keepsHistory;
  }

  /** Which dots the history on the platter tells of, be it by what it begins with. */
  told(lineage: Lineage): readonly DotRange[] {
    const { base, old, told } = this.image.covered(lineage, 0).coverage;
    return [...base.entries().map(([actor, length]) => ({ actor, from: 1, length })), ...old, ...told];
  }

  /** Another disk with what is on this platter now. What was compacted here is not there: it is the same, and longer. What came of other histories is lacking. */
  async copy(random: Random): Promise<SimDisk> {
    const copy = new SimDisk({ random, nestingMax: this.#nestingMax, relay: this.#relay, keepsHistory: this.#keepsHistory });
    for (const transaction of this.#synced) copy.write(transaction);
    await copy.sync();
    return copy;
  }

  chance(of: number): boolean {
    return of > 0 && this.#random.fraction() < of;
  }

  /** How long something takes that usually takes `ms`. */
  duration(ms: number): number {
    return ms * (0.5 + this.#random.fraction());
  }

  write(transaction: Transaction): void {
    this.#written.push(transaction);
  }

  /** A write that failed is rolled back. */
  rollBack(transaction: Transaction): void {
    const at = this.#written.indexOf(transaction);
    if (at >= 0) this.#written.splice(at, 1);
  }

  /** Everything written is on the platter, but for what the store refuses: a dot that names another payload already. */
  sync(): Promise<LogResult<undefined>> {
    return this.#sync(this.#written.length);
  }

  /** The machine loses power: of what is not synced a part at the front may have made it. */
  async losePower(): Promise<void> {
    await this.#sync(randomInteger(this.#random, this.#written.length + 1));
    this.#written.length = 0;
  }

  async #sync(count: number): Promise<LogResult<undefined>> {
    let result: LogResult<undefined> = { ok: true, value: undefined };
    for (const transaction of this.#written.splice(0, count)) {
      result = await this.#apply(transaction);
      if (!result.ok) break;
      this.#note(transaction);
      this.#synced.push(transaction);
      this.onSynced(transaction);
    }
    return result;
  }

  #apply(transaction: Transaction): Promise<LogResult<undefined>> {
    if (transaction.type === "append") {
      for (const hashed of transaction.hashes ?? []) this.image.keepHash(hashed);
      if (transaction.hashes?.length) this.onHashed();
      return this.image.append(transaction.batch);
    }
    if (transaction.type === "blob")
      return this.image.putBlob(transaction.lineage, transaction.name, transaction.bytes, transaction.keeping);
    if (transaction.type === "drop") return this.image.dropCopies(transaction.lineages);
    if (transaction.type === "whole-ring") return this.image.putWholeRing(transaction.ring);
    return this.image.putRecord(transaction.record, transaction.completes);
  }

  #note(transaction: Transaction): void {
    if (transaction.type !== "append" && transaction.type !== "record") return;
    const stamps =
      transaction.type === "append"
        ? transaction.batch.flatMap(({ entries }) => entries.map(({ hlc }) => hlc))
        : recordStamps(transaction.record);
    for (const { physicalMs, relay } of stamps)
      if (this.#relay === undefined || relay === this.#relay) this.#highestStampMs = Math.max(this.#highestStampMs, physicalMs);
  }
}

function recordStamps({ created, title, kind, deleted }: RoomRecord): readonly Hlc[] {
  return [created, title?.hlc, kind?.hlc, deleted?.hlc].filter((stamp) => stamp !== undefined);
}
