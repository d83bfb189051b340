/**
 * ContestedNames: relays' names that two lives claim at once. After a restart that lasts until the old life is found dead;
 * where both go on showing that they are alive it means that a data folder was copied and both copies run, which only a
 * person can put right: it is told after `contestedMs`, and told again when it is over.
 *
 *     (one life) ──two are alive──▶ doubtful ──two are alive contestedMs later──▶ contested ──┐
 *          ▲                           │ one of them is dead or left                          │ one of them is dead or left
 *          └───────────────────────────┴──────────────────────────────────────────────────────┘
 *
 * Invariant: that one of them is suspect for a moment does not end it.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { isPresent, type Member } from "./member.ts";

export interface Contest {
  readonly relay: RelayId;
  /** The lives that claim the name; one or none when the contest is over. */
  readonly actors: readonly ActorId[];
}

interface Doubt {
  readonly sinceMs: number;
  /** Whether two are alive right now, and not just present. */
  isOpen: boolean;
  isTold: boolean;
}

export class ContestedNames {
  readonly #contestedMs: number;
  readonly #doubts = new Map<RelayId, Doubt>();

  constructor(options: { contestedMs: number }) {
    this.#contestedMs = options.contestedMs;
  }

  /** Whether it was told that `relay` is claimed twice, and is not over. */
  isContested(relay: RelayId): boolean {
    return this.#doubts.get(relay)?.isTold ?? false;
  }

  /** What is to be told about `members` at `nowMs`. */
  review(members: readonly Member[], nowMs: number): readonly Contest[] {
    const news: Contest[] = [];
    const lives = livesByName(members);
    for (const [relay, present] of lives) {
      const alive = present.filter((member) => member.state === "alive");
      const doubt = this.#doubts.get(relay) ?? { sinceMs: nowMs, isOpen: false, isTold: false };
      doubt.isOpen = alive.length >= 2;
      if (doubt.isOpen) this.#doubts.set(relay, doubt);
      if (!doubt.isOpen || doubt.isTold || doubt.sinceMs + this.#contestedMs > nowMs) continue;
      doubt.isTold = true;
      news.push({ relay, actors: alive.map((member) => member.actor) });
    }
    for (const [relay, doubt] of this.#doubts) {
      const present = lives.get(relay) ?? [];
      if (present.length >= 2) continue;
      this.#doubts.delete(relay);
      if (doubt.isTold) news.push({ relay, actors: present.map((member) => member.actor) });
    }
    return news;
  }

  nextDeadline(): number {
    const untold = [...this.#doubts.values()].filter((doubt) => doubt.isOpen && !doubt.isTold);
    return untold.reduce((earliest, doubt) => Math.min(earliest, doubt.sinceMs + this.#contestedMs), Number.POSITIVE_INFINITY);
  }
}

function livesByName(members: readonly Member[]): ReadonlyMap<RelayId, readonly Member[]> {
  const lives = new Map<RelayId, Member[]>();
  for (const member of members) {
    if (!isPresent(member)) continue;
    const others = lives.get(member.relay);
    if (others === undefined) lives.set(member.relay, [member]);
    else others.push(member);
  }
  return lives;
}
