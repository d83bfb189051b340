/**
 * MeshWatch: asks the relays of a mesh, each about itself and what it sees, again and again.
 *
 *     the page's own relay ─▶ its view names the others ─▶ each is asked, too, once a second, for itself
 *
 * Who does not answer is asked again as often; its last answer is kept, with the time at which it came. Of more than `relaysAskedMax`
 * relays only the first are asked: of the others there is what those say.
 *
 * Invariants: one question to a relay at a time; a question ends after `answerWithinMs`; a relay that goes by two addresses is asked at
 * the first only; while nobody looks at the page nobody is asked.
 */
import { ExpectedStates, type Order } from "./expected-states.ts";
import { type MeshReading, readMesh, readRoom, type RoomReading } from "./mesh-reading.ts";

/** What one relay answered last. */
export interface Poll {
  readonly origin: string;
  readonly mesh: MeshReading | undefined;
  readonly room: RoomReading | undefined;
  /** When that came, in ms of this device's clock. */
  readonly answeredMs: number | undefined;
  /** How far its clock was ahead of this device's then, within half of `tookMs`. */
  readonly aheadMs: number | undefined;
  readonly tookMs: number | undefined;
  /** Since when it does not answer; undefined while it does. */
  readonly failingSinceMs: number | undefined;
}

export interface WatchSurroundings {
  readonly fetch: (url: string, init: { signal: AbortSignal }) => Promise<Pick<Response, "ok" | "json">>;
  readonly nowMs: () => number;
  /** Whether somebody looks. */
  readonly isSeen: () => boolean;
  readonly wait: (ms: number) => Promise<void>;
}

const everyMs = 1_000;
export const answerWithinMs = 2_000;
export const relaysAskedMax = 16;

export class MeshWatch {
  readonly #around: WatchSurroundings;
  readonly #changed: () => void;
  readonly #polls = new Map<string, Poll>();
  readonly #expected = new ExpectedStates();
  #room: string | undefined;
  #isOver = false;

  /** Begins with these, the page's own relay first. `changed` is called after every answer. */
  constructor(origins: readonly string[], around: WatchSurroundings, changed: () => void) {
    this.#around = around;
    this.#changed = changed;
    for (const origin of origins) this.#begin(origin);
  }

  get polls(): readonly Poll[] {
    return [...this.#polls.values()];
  }

  /** The document whose clocks are asked for. */
  look(room: string | undefined): void {
    if (room === this.#room) return;
    this.#room = room;
    for (const [origin, poll] of this.#polls) this.#polls.set(origin, { ...poll, room: undefined });
    for (const origin of this.#polls.keys()) void this.#ask(origin);
    this.#changed();
  }

  /** Relays are told to stand otherwise; that is shown at once. `answered`: when all have answered, or not; never rejected. */
  expect(orders: readonly Order[], answered: Promise<unknown>): void {
    for (const order of orders) {
      const poll = this.#polls.get(order.origin);
      if (poll?.mesh?.experiments === undefined) continue;
      const settle = this.#expected.expect(order, poll.mesh.experiments);
      const experiments = this.#expected.shown(order.origin, poll.mesh.experiments, this.#around.nowMs());
      this.#polls.set(order.origin, { ...poll, mesh: { ...poll.mesh, experiments } });
      void answered.then(() => settle(this.#around.nowMs()));
    }
    this.#changed();
  }

  end(): void {
    this.#isOver = true;
  }

  #begin(origin: string): void {
    if (this.#polls.has(origin) || this.#polls.size >= relaysAskedMax) return;
    const nothing = { mesh: undefined, room: undefined, answeredMs: undefined, aheadMs: undefined, tookMs: undefined };
    this.#polls.set(origin, { origin, ...nothing, failingSinceMs: undefined });
    void this.#goOn(origin);
  }

  async #goOn(origin: string): Promise<void> {
    while (!this.#isOver && this.#polls.has(origin)) {
      if (this.#around.isSeen()) await this.#ask(origin);
      await this.#around.wait(everyMs);
    }
  }

  async #ask(origin: string): Promise<void> {
    const { nowMs } = this.#around;
    const room = this.#room;
    const askedMs = nowMs();
    try {
      const mesh = readMesh(await this.#fetch(`${origin}/api/mesh`));
      const answeredMs = nowMs();
      if (mesh === undefined) throw new Error("that is no relay");
      const clocks = room === undefined ? undefined : readRoom(await this.#fetch(clocksAddress(origin, room)).catch(() => undefined));
      const tookMs = answeredMs - askedMs;
      const aheadMs = mesh.wallMs === undefined ? undefined : mesh.wallMs - (askedMs + tookMs / 2);
      this.#answered({
        origin,
        mesh: { ...mesh, experiments: this.#expected.shown(origin, mesh.experiments, askedMs) },
        room: room === this.#room ? clocks : undefined,
        answeredMs,
        aheadMs,
        tookMs,
        failingSinceMs: undefined,
      });
    } catch {
      // No relay there, none in time, or somebody else: to a person all the same.
      const before = this.#polls.get(origin);
      if (before !== undefined) this.#polls.set(origin, { ...before, failingSinceMs: before.failingSinceMs ?? askedMs });
    }
    this.#changed();
  }

  async #fetch(url: string): Promise<unknown> {
    const response = await this.#around.fetch(url, { signal: AbortSignal.timeout(answerWithinMs) });
    if (!response.ok) throw new Error("it refuses");
    return response.json();
  }

  #answered(poll: Poll): void {
    if (!this.#polls.has(poll.origin)) return;
    this.#polls.set(poll.origin, poll);
    const self = poll.mesh?.self;
    for (const other of this.#polls.values()) {
      // Of two addresses the one that was there first.
      const isTwin = other.origin !== poll.origin && other.mesh?.self === self && other.failingSinceMs === undefined;
      if (isTwin) return void this.#polls.delete(poll.origin);
    }
    for (const { relay, address, state, place } of poll.mesh?.relays ?? []) {
      const isGone = state === "left" || place === "forgotten" || place === "left";
      const origin = originOf(address);
      const isKnown = [...this.#polls.values()].some(({ mesh }) => mesh?.self === relay);
      if (origin !== undefined && !isGone && !isKnown) this.#begin(origin);
    }
  }
}

/** Where a relay answers over HTTP, by its address for other relays; undefined where it has none. */
export function originOf(address: string): string | undefined {
  if (!/^wss?:\/\//.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address.replace(/^ws/, "http")).origin;
}

function clocksAddress(origin: string, room: string): string {
  return `${origin}/api/rooms/${encodeURIComponent(room)}/clocks`;
}
