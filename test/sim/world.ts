/**
 * World: one queue of timed events, and the processes that they happen to.
 *
 *     schedule(when, whose, what) ─▶ queue ─▶ earliest first ─▶ run as its process ─▶ microtasks ─▶ checkers ─▶ next
 *
 * Invariants: events of equal time come in the order in which they were scheduled; events of a process that has ended
 * never come, those of a paused one wait and come in order; the same seed gives the same queue, event by event. What a
 * program throws is a finding, never the end of the simulation.
 */
import { seededRandom, type Random } from "@inkmesh/shared/base/random";
import { nobody, runAs, type Host } from "./platform.ts";
import type { SimClock } from "./sim-clock.ts";
import type { SimFiles } from "./sim-files.ts";
import { Trace } from "./trace.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly process: SimProcess | undefined;
  readonly what: string;
  readonly run: () => void;
  cancelled: boolean;
}

/** A finding ends the run: one of the promises did not hold. */
export class Finding extends Error {
  readonly checker: string;

  constructor(checker: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Finding";
    this.checker = checker;
  }
}

export class World {
  readonly trace: Trace;
  readonly #seed: number;
  readonly #queue = new EventQueue();
  #nowMs = 0;
  #order = 0;
  #pids = 1_000;
  /** The first finding: it may be made in the midst of a program, whose own handling must not hide it. */
  #finding: unknown;
  /** Looks at the world after every event. */
  afterEvent: (process: SimProcess | undefined) => void = () => undefined;

  constructor(options: { seed: number; keepTrace: boolean }) {
    this.#seed = options.seed;
    this.trace = new Trace(options.keepTrace);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets a checker look; what it throws ends the run at the end of this event. */
  watch(look: () => void): void {
    try {
      look();
    } catch (finding) {
      this.#finding ??= finding;
    }
  }

  /** The same for one that has to wait. */
  watchLater(look: Promise<void>): void {
    look.catch((finding: unknown) => (this.#finding ??= finding));
  }

  nextPid(): number {
    return (this.#pids += 1);
  }

  /** A stream of its own for everything that has a name, so that one more draw here changes nothing there. */
  random(name: string): Random {
    let seed = this.#seed | 0;
    for (let index = 0; index < name.length; index++) seed = Math.imul(seed ^ name.charCodeAt(index), 0x01000193) ^ (seed >>> 15);
    return seededRandom(seed);
  }

  /** Answers what takes it back. */
  schedule(delayMs: number, process: SimProcess | undefined, what: string, run: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(delayMs, 0), order: (this.#order += 1), process, what, run, cancelled: false };
    this.#queue.push(event);
    return () => void (event.cancelled = true);
  }

  /** Runs events until `untilMs`, or until `isDone`, asked after each event, says so. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    for (let event = this.#queue.first; event !== undefined && event.atMs <= untilMs; event = this.#queue.first) {
      this.#queue.pop();
      if (event.cancelled || event.process?.hasEnded) continue;
      const happening = event;
      if (event.process?.hold(event.what, () => happening.cancelled || happening.run())) continue;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      await this.perform(event.process, event.what, event.run);
      if (isDone()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** One event, now. */
  async perform(process: SimProcess | undefined, what: string, run: () => void): Promise<void> {
    this.trace.add(`${this.#nowMs.toFixed(3)} ${process?.name ?? "world"} ${what}`);
    try {
      await runAs(process ?? nobody, run);
    } catch (error) {
      if (error instanceof Finding || process === undefined) throw error;
      throw new Finding("no crash", `${process.name} threw in "${what}": ${String(error)}`, { cause: error });
    }
    this.watch(() => this.afterEvent(process));
    if (this.#finding !== undefined) throw this.#finding;
  }
}

/** How late a timer is at the most; mostly it is far less. */
const timerNoiseMs = 4;

/** One program's life on some machine. */
export class SimProcess implements Host {
  readonly name: string;
  readonly world: World;
  readonly clock: SimClock;
  readonly random: Random;
  readonly pid: number;
  readonly files: SimFiles | undefined;
  readonly #noise: Random;
  #ended = false;
  #held: { readonly what: string; readonly run: () => void }[] | undefined;

  constructor(options: { name: string; world: World; clock: SimClock; files?: SimFiles | undefined }) {
    this.name = options.name;
    this.world = options.world;
    this.clock = options.clock;
    this.pid = options.world.nextPid();
    this.files = options.files;
    this.files?.pids.add(this.pid);
    this.random = options.world.random(options.name);
    this.#noise = options.world.random(`${options.name}/noise`);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  /** Never early; as late as a busy loop makes it. */
  after(ms: number, what: string, work: () => void): () => void {
    const lateMs = this.#noise.fraction() ** 4 * timerNoiseMs;
    return this.world.schedule(this.clock.worldDelay(ms) + lateMs, this, what, work);
  }

  /** A remark in the trace. */
  note(what: string): void {
    this.world.trace.add(`${this.world.nowMs.toFixed(3)} ${this.name} ${what}`);
  }

  /** Something reaches it from outside, after `ms` of the world's time. */
  reach(ms: number, what: string, work: () => void): () => void {
    return this.world.schedule(ms, this, what, work);
  }

  /** Nothing of it runs from now on. */
  end(): void {
    this.#ended = true;
    this.files?.pids.delete(this.pid);
    this.#held = undefined;
  }

  pause(): void {
    this.#held ??= [];
  }

  /** What came meanwhile comes now, in order. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { what, run } of held) this.world.schedule(0, this, what, run);
  }

  /** Whether the event has to wait because the process is paused. */
  hold(what: string, run: () => void): boolean {
    this.#held?.push({ what, run });
    return this.#held !== undefined;
  }
}

/** A binary heap, earliest first. */
class EventQueue {
  readonly #heap: Event[] = [];

  get first(): Event | undefined {
    return this.#heap[0];
  }

  push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
