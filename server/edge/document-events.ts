/**
 * DocumentEvents: what happens to documents on this relay's disk, for programs that listen.
 *
 *     changed ─▶ gathered per document ──eventEveryMs──▶ ┐
 *     created, renamed, deleted ────────────────────────▶ numbered ─▶ kept, the last of them
 *                                                                       └─ a piece per turn of the event loop ─▶ each listener that has room
 *
 * A listener is a place among the events that are kept. It gets what follows as its socket takes it, what it had missed before as well; one
 * whose next event is not kept any more is told `reset` instead. So nothing is queued for it, and a relay that has thousands of events for
 * hundreds of listeners does other things in between. The text of an event is made once, when it is first told.
 *
 * An event's id is this life's name and its number. Who comes back with one gets what was missed, while that is kept; otherwise, and at another
 * relay or after a restart, it is told `reset`, too: it has to look for itself.
 *
 * Invariants: numbers rise by one; the events of one document come in order; no more is kept than `eventsKeptMax`; no listener is waited
 * for, and one that has taken nothing for two beats is cut off.
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

interface KeptEvent {
  readonly number: number;
  readonly happening: Happening;
  text: string | undefined;
}

interface Listener {
  readonly rooms: ReadonlySet<RoomName> | undefined;
  /** Whether more may follow at once; otherwise it is said when it may (`drained`). */
  readonly send: (text: string) => boolean;
  /** Nothing follows. */
  readonly end: () => void;
  /** The same, at once. */
  readonly cut: () => void;
}

interface Reader extends Listener {
  /** How many of all events it was told of, or passed over. */
  told: number;
  isFull: boolean;
  beatsMissed: number;
}

export interface Listening {
  readonly drained: () => void;
  readonly leave: () => void;
}

/** Characters that a listener is given in one turn, and one event more at most. */
const pieceMax = 16_384;
/** Events that are looked at for a listener in one turn. */
const eventsPerPiece = 256;
/** Beats for which a listener may take nothing. */
const beatsMissedMax = 2;

interface DocumentEventsOptions {
  readonly actor: ActorId;
  /** Seals the tokens of what is there after a change. */
  readonly tokenSecret: Uint8Array;
  readonly limits: { readonly eventsKeptMax: number; readonly eventEveryMs: number; readonly eventBeatMs: number };
}

export class DocumentEvents {
  readonly #options: DocumentEventsOptions;
  readonly #readers = new Set<Reader>();
  readonly #gathered = new Map<string, Happening>();
  readonly #kept: KeptEvent[] = [];
  /** How many there ever were. */
  #count = 0;
  #turn: NodeJS.Immediate | undefined;
  #flush: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  constructor(options: DocumentEventsOptions) {
    this.#options = options;
  }

  get listening(): number {
    return this.#readers.size;
  }

  note(report: DocumentReport): void {
    if (report.type === "changed") {
      const { lineage, clock } = report;
      this.#gathered.set(`${lineage.generation} ${lineage.room}`, { type: "changed", lineage, clock });
      // A crowd of documents is told sooner: what is gathered is bounded, too, and nobody who keeps up misses some of it.
      if (this.#gathered.size >= this.#options.limits.eventsKeptMax / 2) return this.#release();
      this.#flush ??= setTimeout(() => this.#release(), this.#options.limits.eventEveryMs).unref();
      return;
    }
    const happening = happeningOf(report);
    if (happening === undefined) return;
    this.#release();
    this.#publish(happening);
  }

  /** Tells `listener` what came after `after`, and from now on. */
  listen(listener: Listener, after: string | undefined): Listening {
    const number = after === undefined ? this.#count : this.#numberIn(after);
    const reader = { ...listener, told: number ?? this.#count, isFull: false, beatsMissed: 0 };
    send(reader, number === undefined ? this.#reset() : `id: ${this.#id(number)}\n\n`);
    this.#readers.add(reader);
    this.#beat ??= setInterval(() => this.#beatAll(), this.#options.limits.eventBeatMs).unref();
    this.#goOn();
    const drained = (): void => {
      Object.assign(reader, { isFull: false, beatsMissed: 0 });
      this.#goOn();
    };
    return { drained, leave: () => this.#leave(reader) };
  }

  /** Nobody is told anything more. */
  close(): void {
    clearTimeout(this.#flush);
    for (const reader of this.#readers) {
      this.#leave(reader);
      reader.end();
    }
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  #beatAll(): void {
    for (const reader of this.#readers) {
      if (!reader.isFull) send(reader, ":\n\n");
      else if (++reader.beatsMissed >= beatsMissedMax) {
        this.#leave(reader);
        reader.cut();
      }
    }
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
    this.#kept.push({ number: this.#count, happening, text: undefined });
    if (this.#kept.length > this.#options.limits.eventsKeptMax) this.#kept.shift();
    this.#goOn();
  }

  /** Where somebody can be told something, in the next turn. */
  #goOn(): void {
    if (this.#turn !== undefined || ![...this.#readers].some((reader) => this.#isBehind(reader))) return;
    this.#turn = setImmediate(() => this.#tellAll());
  }

  #isBehind({ told, isFull }: Reader): boolean {
    return !isFull && told < this.#count;
  }

  #tellAll(): void {
    this.#turn = undefined;
    for (const reader of this.#readers) {
      if (this.#isBehind(reader)) this.#tell(reader);
    }
    this.#goOn();
  }

  #tell(reader: Reader): void {
    const gone = this.#count - this.#kept.length;
    if (reader.told < gone) {
      reader.told = this.#count;
      return send(reader, this.#reset());
    }
    let piece = "";
    for (const event of this.#kept.slice(reader.told - gone, reader.told - gone + eventsPerPiece)) {
      if (piece.length >= pieceMax) break;
      reader.told = event.number;
      if (reader.rooms?.has(event.happening.lineage.room) !== false) piece += this.#text(event);
    }
    if (piece !== "") send(reader, piece);
  }

  #text(event: KeptEvent): string {
    const { number, happening } = event;
    return (event.text ??= `id: ${this.#id(number)}\nevent: ${happening.type}\ndata: ${this.#json(happening)}\n\n`);
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

function send(reader: Reader, text: string): void {
  reader.isFull = !reader.send(text);
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
