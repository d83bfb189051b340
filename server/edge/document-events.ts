/**
 * DocumentEvents: what happens to documents on this relay's disk, for programs that listen.
 *
 *     changed ─▶ gathered per document ──eventEveryMs──▶ ┐
 *     created, renamed, deleted ────────────────────────▶ numbered ─▶ kept, the last of them ─▶ everybody who listens
 *
 * An event's id is this life's name and its number. Who comes back with one gets what was missed, while that is kept; otherwise, and at another
 * relay or after a restart, it is told `reset`: it has to look for itself.
 *
 * Invariants: numbers rise by one; the events of one document come in order; no more is kept than `eventsKeptMax`, and no listener is waited for.
 */
import type { ActorId, Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import type { Report } from "../core/effect.ts";

type DocumentReport = Extract<Report, { type: "changed" | "recorded" }>;

interface Happening {
  readonly type: "created" | "renamed" | "deleted" | "changed";
  readonly lineage: Lineage;
  readonly title?: string | undefined;
  readonly kind?: string | undefined;
  readonly clock?: VectorClock;
}

interface Listener {
  readonly rooms: ReadonlySet<RoomName> | undefined;
  readonly send: (text: string) => void;
  readonly end: () => void;
}

interface DocumentEventsOptions {
  readonly actor: ActorId;
  /** Seals the tokens of what is there after a change. */
  readonly tokenSecret: Uint8Array;
  readonly limits: { readonly eventsKeptMax: number; readonly eventEveryMs: number; readonly eventBeatMs: number };
}

export class DocumentEvents {
  readonly #options: DocumentEventsOptions;
  readonly #listeners = new Set<Listener>();
  readonly #gathered = new Map<string, Happening>();
  readonly #kept: Happening[] = [];
  /** How many there ever were. */
  #count = 0;
  #flush: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  constructor(options: DocumentEventsOptions) {
    this.#options = options;
  }

  get listening(): number {
    return this.#listeners.size;
  }

  note(report: DocumentReport): void {
    if (report.type === "changed") {
      const { lineage, clock } = report;
      this.#gathered.set(`${lineage.generation} ${lineage.room}`, { type: "changed", lineage, clock });
      // A crowd of documents is told sooner: what is gathered is bounded, too.
      if (this.#gathered.size >= this.#options.limits.eventsKeptMax) return this.#release();
      this.#flush ??= setTimeout(() => this.#release(), this.#options.limits.eventEveryMs).unref();
      return;
    }
    const happening = happeningOf(report);
    if (happening === undefined) return;
    this.#release();
    this.#publish(happening);
  }

  /** Tells `listener` what came after `after`, and from now on; what is answered ends that. */
  listen(listener: Listener, after: string | undefined): () => void {
    const number = after === undefined ? this.#count : this.#numberIn(after);
    listener.send(number === undefined ? this.#reset() : `id: ${this.#id(number)}\n\n`);
    for (let at = number ?? this.#count; at < this.#count; at++) this.#tell(listener, at);
    this.#listeners.add(listener);
    this.#beat ??= setInterval(() => this.#beatAll(), this.#options.limits.eventBeatMs).unref();
    return () => this.#leave(listener);
  }

  /** Nobody is told anything more. */
  close(): void {
    clearTimeout(this.#flush);
    for (const listener of this.#listeners) {
      this.#leave(listener);
      listener.end();
    }
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  #beatAll(): void {
    for (const listener of this.#listeners) listener.send(":\n\n");
  }

  #release(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    const gathered = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const happening of gathered) this.#publish(happening);
  }

  #publish(happening: Happening): void {
    this.#count++;
    this.#kept.push(happening);
    if (this.#kept.length > this.#options.limits.eventsKeptMax) this.#kept.shift();
    for (const listener of this.#listeners) this.#tell(listener, this.#count - 1);
  }

  #tell({ rooms, send }: Listener, at: number): void {
    const happening = this.#kept[at - (this.#count - this.#kept.length)];
    if (happening === undefined || rooms?.has(happening.lineage.room) === false) return;
    send(`id: ${this.#id(at + 1)}\nevent: ${happening.type}\ndata: ${this.#json(happening)}\n\n`);
  }

  #json({ type, lineage, title, kind, clock }: Happening): string {
    const { room, generation } = lineage;
    if (type !== "changed" || clock === undefined)
      return JSON.stringify({ room, generation, ...(type === "deleted" ? {} : { title, kind }) });
    const token = sealToken({ lineage, clock }, this.#options.tokenSecret);
    return JSON.stringify({ room, generation, clock: Object.fromEntries(clock.entries()), token });
  }

  #reset(): string {
    return `id: ${this.#id(this.#count)}\nevent: reset\ndata: {}\n\n`;
  }

  #id(number: number): string {
    return `${this.#options.actor}/${number}`;
  }

  /** How many events there were when `id` was told; undefined: it is none of this life's, or of one that is not kept any more. */
  #numberIn(id: string): number | undefined {
    const [, digits] = id.startsWith(`${this.#options.actor}/`) ? (/\/(\d{1,15})$/.exec(id) ?? []) : [];
    const number = digits === undefined ? undefined : Number(digits);
    return number !== undefined && number <= this.#count && number >= this.#count - this.#kept.length ? number : undefined;
  }
}

/** What a record says that the one before it did not. */
function happeningOf({ before, record }: Extract<DocumentReport, { type: "recorded" }>): Happening | undefined {
  const { room, generation } = record;
  const lineage = { room, generation };
  const isNew = before === undefined || before.generation < generation;
  if (record.deleted !== undefined) return !isNew && before.deleted !== undefined ? undefined : { type: "deleted", lineage };
  const named = { lineage, title: record.title?.value, kind: record.kind?.value };
  if (isNew) return { type: "created", ...named };
  return before.title?.value === named.title && before.kind?.value === named.kind ? undefined : { type: "renamed", ...named };
}
