/**
 * PresenceChoice: whom of a crowd the viewers of a room are shown. All viewers at one relay are shown the same, so that a cursor that
 * moves costs one frame however many look on, and somebody who moves unseen costs none.
 *
 *     room for all ────────────▶ everybody is shown
 *     more than `presenceShownMax`:
 *       shown ──longest idle, and somebody unseen moves──▶ hidden        shown ──leaves──▶ gone, and the last to have moved takes the place
 *       hidden ──moves, and a shown one is idle──▶ shown                 shown, and moving now and then ──▶ stays
 *
 * To be active is to change one's state: clients renew it every 15 s without a change, and that counts for nothing.
 *
 * Hiding is told as y-protocols tells that somebody left, for released clients know no other word: the state is null at the clock that
 * it has. Such a client takes only a newer clock for the same id afterwards, and a client that leaves says so with a newer clock, too.
 * Hence whoever was hidden is shown again only with a newer clock than that, and "left" at just that clock is an echo, never a word of its own.
 *
 * Invariants: at most `presenceShownMax` are shown; everybody is while there is room; nobody is hidden for somebody who does not move, nor
 * within `presenceIdleMs` of having moved; what is told to viewers, in order, leaves them with exactly those who are shown.
 */
import type { PresenceState } from "./awareness-update.ts";

export interface PresenceChoiceLimits {
  readonly presenceShownMax: number;
  /** Whoever has not moved for so long gives up the place to somebody who does. */
  readonly presenceIdleMs: number;
}

/** What viewers are told. */
export interface ChosenChanges {
  /** Of those who are shown, who come to be, and who have left. */
  readonly states: readonly PresenceState[];
  /** Hidden now: for everybody but whoever speaks for it. */
  readonly hidden: readonly PresenceState[];
  /** Whether somebody is shown who was not among those that changed. */
  readonly isFilled: boolean;
}

interface Known {
  readonly clock: number;
  readonly state: string;
  activeMs: number;
  isShown: boolean;
  /** The clock at which viewers were told that it is gone; undefined: they were not. */
  hiddenAt: number | undefined;
}

export class PresenceChoice {
  readonly #limits: PresenceChoiceLimits;
  readonly #known = new Map<number, Known>();
  #shown = 0;

  constructor(limits: PresenceChoiceLimits) {
    this.#limits = limits;
  }

  /** Everybody, shown or not. */
  get present(): number {
    return this.#known.size;
  }

  get isCrowded(): boolean {
    return this.#known.size > this.#shown;
  }

  /** Those who are shown, for one who joins. */
  shown(): readonly PresenceState[] {
    return [...this.#known].flatMap(([id, { clock, state, isShown }]) => (isShown ? [{ id, clock, state }] : []));
  }

  /** Whether `said` is what viewers were told when it was hidden, come back from one of them. */
  isEcho({ id, clock, state }: PresenceState): boolean {
    return state === undefined && this.#known.get(id)?.hiddenAt === clock;
  }

  /** Takes in what a turn changed. */
  changed(changes: readonly PresenceState[], nowMs: number): ChosenChanges {
    const told = new Map<number, PresenceState>();
    const moved: number[] = [];
    for (const change of changes) {
      if (change.state === undefined) {
        if (this.#leave(change.id)) told.set(change.id, change);
        continue;
      }
      const isMoved = this.#note({ ...change, state: change.state }, nowMs);
      if (this.#known.get(change.id)!.isShown) told.set(change.id, change);
      else if (isMoved) moved.push(change.id);
    }
    const hidden = this.#makeRoom(moved, nowMs);
    const filled = this.#fill();
    for (const state of filled) told.set(state.id, state);
    const ids = new Set(changes.map(({ id }) => id));
    return { states: [...told.values()], hidden, isFilled: filled.some(({ id }) => !ids.has(id)) };
  }

  /** Whether it was shown. */
  #leave(id: number): boolean {
    const { isShown = false } = this.#known.get(id) ?? {};
    this.#known.delete(id);
    if (isShown) this.#shown -= 1;
    return isShown;
  }

  /** Whether it is another state than before. */
  #note({ id, clock, state }: PresenceState & { readonly state: string }, nowMs: number): boolean {
    const before = this.#known.get(id);
    const isMoved = before?.state !== state;
    const { activeMs = nowMs, isShown = false, hiddenAt } = before ?? {};
    this.#known.set(id, { clock, state, activeMs: isMoved ? nowMs : activeMs, isShown, hiddenAt });
    return isMoved;
  }

  /** Hides as many of those who have been idle for long as there are unseen ones who move, the longest idle first. */
  #makeRoom(moved: readonly number[], nowMs: number): readonly PresenceState[] {
    const free = this.#limits.presenceShownMax - this.#shown;
    const wanted = moved.filter((id) => this.#mayBeShown(this.#known.get(id)!)).length - free;
    if (wanted <= 0) return [];
    const idle = [...this.#known].filter(([, known]) => known.isShown && nowMs - known.activeMs >= this.#limits.presenceIdleMs);
    const going = idle.toSorted(([, left], [, right]) => left.activeMs - right.activeMs).slice(0, wanted);
    for (const [, known] of going) {
      known.isShown = false;
      known.hiddenAt = known.clock;
      this.#shown -= 1;
    }
    return going.map(([id, { clock }]) => ({ id, clock, state: undefined }));
  }

  /** Whoever moved last comes first. */
  #fill(): readonly PresenceState[] {
    const free = this.#limits.presenceShownMax - this.#shown;
    if (free <= 0 || !this.isCrowded) return [];
    const waiting = [...this.#known].filter(([, known]) => !known.isShown && this.#mayBeShown(known));
    const coming = waiting.toSorted(([, left], [, right]) => right.activeMs - left.activeMs).slice(0, free);
    for (const [, known] of coming) {
      known.isShown = true;
      known.hiddenAt = undefined;
      this.#shown += 1;
    }
    return coming.map(([id, { clock, state }]) => ({ id, clock, state }));
  }

  /** Whether those who were told that it is gone would take it. */
  #mayBeShown({ clock, hiddenAt }: Known): boolean {
    return hiddenAt === undefined || clock > hiddenAt;
  }
}
