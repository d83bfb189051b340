/**
 * DeviceCopy: writes one room's news to the device's store, in an order in which a crash at any point leaves a copy that
 * is true.
 *
 * Edits are written at once, in the task that made them. What came from a relay is on its disk already and may wait for
 * the write before it. A clock is written only when everything told before it is on disk or goes with it, because the
 * relay will never send again what a clock names.
 *
 *     edits ───────────────────────────────▶ write now
 *     updates, saved, aside ──▶ lazy queue ─▶ one write at a time ◀── clock, once no other write is under way
 *     any failure ────────────▶ backlog ────▶ all of it again, in order, every second at first, then slower
 *
 * A name may be used anew after a deletion. So the generation is written, with a clock that names nothing, as soon as it is
 * known: edits without one would go into whatever document has the name when they are sent.
 *
 * A store that was emptied from outside gets everything again: the document, what waits, what is set aside, the clock.
 *
 * Writes are under way together, so a disk that refuses one may take the next. An edit that was taken so counts as on the
 * device only when what was told before it is there, too: without that it could not be shown, and would be set aside.
 *
 * Invariants: what is told is written in the order of telling, but that an edit may overtake what came from a relay, and
 * what a disk refused is overtaken by what was under way with it; what became of an edit never overtakes the edit;
 * `notOnDevice` counts the edits whose write, or one before it, has not been confirmed.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./core/outbox-entry.ts";
import type { DeviceState, DeviceTrouble } from "./core/room-status.ts";
import { troubleOf } from "./device-trouble.ts";
import type { CopyChange, OfflineStore, SetAsideEntry, StoredCopy } from "./offline-store.ts";

/** One write's changes, and its place in the order of telling. */
interface Write {
  readonly order: number;
  readonly changes: readonly CopyChange[];
}

const retryMs = 1_000;
const retryMaxMs = 30_000;
/** What a closing document has typed last and the disk refuses is tried again after each of these. */
const lastTriesMs = [1_000, 2_000, 4_000];
/** More stored updates than this are merged when there is time. */
const compactAbove = 200;
const compactAfterMs = 3_000;

/** How far the room was reached, by entries. */
interface Reached {
  readonly generation: number;
  readonly clock: VectorClock;
  readonly token?: string;
}

export class DeviceCopy {
  readonly #room: string;
  readonly #store: OfflineStore;
  readonly #changed: () => void;
  #kept: (() => void) | undefined;
  #lazy: CopyChange[] = [];
  #backlog: readonly Write[] = [];
  /** Written while something before it was refused. */
  #ahead: CopyChange[] = [];
  #writes = 0;
  #clock: Reached | undefined;
  /** The last clock that was told, or came from the store. */
  #reached: Reached | undefined;
  #underWay = 0;
  #lazyUnderWay = false;
  /** Keys of edits whose write has not been confirmed. */
  readonly #unwritten = new Set<string>();
  #failures = 0;
  #trouble: DeviceTrouble | undefined;
  /** The backlog is being written: what joins it meanwhile waits for that. */
  #isRetrying = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #compaction: ReturnType<typeof setTimeout> | undefined;
  /** Something that the document holds may not be in the store: no clock may be written until all of it is. */
  #incomplete = false;
  #quiet: (() => void)[] = [];
  #closed = false;

  /** `changed` is called when `state` or `notOnDevice` may have, `kept` once, when an edit is on the disk. */
  constructor(options: { room: string; store: OfflineStore; changed: () => void; kept?: () => void }) {
    this.#room = options.room;
    this.#store = options.store;
    this.#changed = options.changed;
    this.#kept = options.kept;
  }

  get state(): DeviceState {
    if (this.#failures > 0) return "failed";
    return this.#store.durable ? "disk" : "memory";
  }

  /** Why the disk refused last; undefined while it does not. */
  get trouble(): DeviceTrouble | undefined {
    return this.#failures > 0 ? this.#trouble : undefined;
  }

  get notOnDevice(): number {
    return this.#unwritten.size;
  }

  edits(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#unwritten.add(outboxKey(entry));
    this.#write([{ type: "edits", entries }]);
  }

  updates(updates: readonly Uint8Array[]): void {
    this.#later({ type: "updates", updates });
  }

  saved(entries: readonly OutboxEntry[]): void {
    this.#later({ type: "saved", entries });
  }

  setAside(entry: OutboxEntry, code: Extract<CopyChange, { type: "set-aside" }>["code"]): void {
    this.#later({ type: "set-aside", entry, code });
  }

  /** A person gave these up: behind all that may set them aside. */
  discarded(keys: readonly OutboxKey[]): void {
    this.#later({ type: "discarded", keys });
  }

  /** The first one, as early as the room is open, says which document this is: at once, before anything goes to the relay. */
  clockReached(reached: Reached): void {
    const { generation, clock, token } = reached;
    if (this.#reached === undefined) {
      this.#reached = { generation, clock: VectorClock.empty };
      this.#write([ofGeneration(generation)]);
    }
    if (this.#reached.clock.covers(clock) && (token === undefined || token === this.#reached.token)) return;
    this.#clock = reached;
    this.#reached = this.#clock;
    this.#drain();
  }

  /** What the store has. One that cannot be read has nothing, until `rewrite`. */
  async read(): Promise<StoredCopy> {
    try {
      const copy = await this.#store.load(this.#room);
      this.#startAt(copy);
      return copy;
    } catch {
      this.lost();
      return { generation: undefined, clock: VectorClock.empty, updates: [], outbox: [], setAside: [] };
    }
  }

  /** The store could not be read, has a hole or was emptied: until `rewrite` no clock is kept. */
  lost(): void {
    this.#incomplete = true;
  }

  /** What the store has is not all that its clock names. */
  holed(generation: number | undefined): void {
    this.lost();
    this.#startAt({ generation, clock: VectorClock.empty });
  }

  get isIncomplete(): boolean {
    return this.#incomplete;
  }

  /**
   * Everything that the document holds, that waits and that was set aside, written anew. Without `updates`: a document
   * that is not to be written; then no clock is kept either.
   */
  rewrite(updates: readonly Uint8Array[] | undefined, waiting: readonly OutboxEntry[], setAside: readonly SetAsideEntry[]): void {
    this.#incomplete = updates === undefined;
    // Behind the content that it names, as ever.
    if (updates) this.#clock ??= this.#reached;
    for (const entry of waiting) this.#unwritten.add(outboxKey(entry));
    if (this.#reached) this.#lazy.push(ofGeneration(this.#reached.generation));
    if (updates) this.#lazy.push({ type: "updates", updates });
    if (waiting.length > 0) this.#lazy.push({ type: "edits", entries: waiting });
    for (const { code, ...entry } of setAside) this.#lazy.push({ type: "set-aside", entry, code });
    this.#drain();
    this.#changed();
  }

  /** Merges the stored updates when there is time, if there are many; `updates`: how many there were, `merged`: how they become one. */
  compactLater(updates: number, merged: (updates: readonly Uint8Array[]) => Uint8Array): void {
    if (updates <= compactAbove) return;
    this.#compaction = setTimeout(() => {
      // A store that cannot be compacted now is only larger.
      this.#store.compact(this.#room, compactAbove, merged).catch(() => {});
    }, compactAfterMs);
  }

  /** Resolves when nothing is under way and nothing waits, or the disk refuses. */
  async settled(): Promise<void> {
    if (this.#isQuiet) return;
    await new Promise<void>((resolve) => this.#quiet.push(resolve));
  }

  /**
   * Ends with all that was told on the disk. What the disk refuses of `entries` is tried again a few times, for nobody does
   * so later; answers what it never took.
   */
  async close(entries: readonly OutboxEntry[]): Promise<readonly OutboxEntry[]> {
    await this.settled();
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#compaction);
    const refused = (): readonly OutboxEntry[] => entries.filter((entry) => this.#unwritten.has(outboxKey(entry)));
    for (const waitMs of lastTriesMs) {
      if (refused().length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      this.#retryBacklog();
      await this.settled();
    }
    return refused();
  }

  #startAt({ generation, clock, token }: Pick<StoredCopy, "generation" | "clock" | "token">): void {
    if (generation !== undefined) this.#reached = { generation, clock, ...(token === undefined ? {} : { token }) };
  }

  #later(change: CopyChange): void {
    this.#lazy.push(change);
    this.#drain();
  }

  #drain(): void {
    if (this.#lazyUnderWay || this.#backlog.length > 0) return;
    const changes = this.#takeLazy();
    const isAll = this.#lazy.length === 0;
    const clock = isAll && this.#underWay === 0 && !this.#incomplete ? this.#clock : undefined;
    if (clock) {
      changes.push({ type: "clock", ...clock });
      this.#clock = undefined;
    }
    if (changes.length === 0) return;
    this.#lazyUnderWay = true;
    this.#write(changes, () => (this.#lazyUnderWay = false));
  }

  /** What became of an edit waits for the edit's own write: that may be refused, and what it writes later would stay. */
  #takeLazy(): CopyChange[] {
    const isUnwritten = (entry: OutboxKey): boolean => this.#unwritten.has(outboxKey(entry));
    const waits = this.#lazy.findIndex(
      (change) =>
        (change.type === "saved" && change.entries.some(isUnwritten)) || (change.type === "set-aside" && isUnwritten(change.entry)),
    );
    return this.#lazy.splice(0, waits === -1 ? this.#lazy.length : waits);
  }

  #write(changes: readonly CopyChange[], ended?: () => void): void {
    const write = { order: this.#writes++, changes };
    if (this.#backlog.length > 0) {
      this.#backlog = [...this.#backlog, write];
      ended?.();
      return;
    }
    this.#attempt(changes, (written) => {
      ended?.();
      if (!written) this.#keepForRetry(write);
      else if (this.#backlog.length > 0) this.#ahead.push(...changes);
      else this.#confirm(changes);
    });
  }

  #attempt(changes: readonly CopyChange[], done: (written: boolean) => void): void {
    this.#underWay += 1;
    const ended = (written: boolean): void => {
      this.#underWay -= 1;
      done(written);
      this.#drain();
      this.#settle();
      this.#changed();
    };
    this.#store.write(this.#room, changes).then(
      () => ended(true),
      (failure: unknown) => {
        this.#trouble = troubleOf(failure);
        ended(false);
      },
    );
  }

  #confirm(changes: readonly CopyChange[]): void {
    for (const change of changes) {
      if (change.type !== "edits") continue;
      for (const entry of change.entries) this.#unwritten.delete(outboxKey(entry));
      this.#kept?.();
      this.#kept = undefined;
    }
  }

  #keepForRetry(write?: Write): void {
    this.#failures += 1;
    if (write) this.#addToBacklog(write);
    if (this.#closed || this.#isRetrying || this.#retry !== undefined) return;
    const waitMs = Math.min(retryMaxMs, retryMs * 2 ** Math.min(this.#failures - 1, 10));
    this.#retry = setTimeout(() => this.#retryBacklog(), waitMs);
  }

  #addToBacklog({ order, changes }: Write): void {
    const names = (change: CopyChange): boolean => change.type === "clock" && change.clock.size > 0;
    for (const change of changes) if (change.type === "clock" && names(change)) this.#clock ??= change;
    const others = changes.filter((change) => !names(change));
    if (others.length > 0) this.#backlog = [...this.#backlog, { order, changes: others }].sort((left, right) => left.order - right.order);
  }

  #retryBacklog(): void {
    this.#retry = undefined;
    const batch = this.#backlog;
    if (batch.length === 0) {
      this.#failures = 0;
      this.#drain();
      this.#changed();
      return;
    }
    const changes = batch.flatMap((write) => write.changes);
    // Stays the backlog meanwhile, so that nothing overtakes it.
    this.#isRetrying = true;
    this.#attempt(changes, (written) => {
      this.#isRetrying = false;
      if (!written) return this.#keepForRetry();
      this.#confirm(changes);
      this.#backlog = this.#backlog.filter((write) => !batch.includes(write));
      if (this.#backlog.length > 0) return this.#retryBacklog();
      this.#failures = 0;
      this.#confirm(this.#ahead.splice(0));
    });
  }

  get #isQuiet(): boolean {
    return this.#underWay === 0 && (this.#lazy.length === 0 || this.#backlog.length > 0);
  }

  #settle(): void {
    if (!this.#isQuiet) return;
    const quiet = this.#quiet;
    this.#quiet = [];
    for (const resolve of quiet) resolve();
  }
}

function ofGeneration(generation: number): CopyChange {
  return { type: "clock", generation, clock: VectorClock.empty };
}
