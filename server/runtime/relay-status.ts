/**
 * RelayStatus: whether this relay can serve, and if not why, in words. The one thing that changes outside the core and
 * that both HTTP and sockets look at.
 *
 *     starting ──▶ serving ──▶ stopping
 *
 * A damaged store does not keep the relay from serving: it serves what is readable, and says that it is not complete.
 */
import type { Damage } from "../log/update-log.ts";

export type Phase = "starting" | "serving" | "stopping";

/** Kept for `/ready`; the log and the metrics have all of them. */
const damageShownMax = 100;

export class RelayStatus {
  #phase: Phase = "starting";
  #storeFull = false;
  #complete = true;
  readonly #damage: Damage[] = [];

  get phase(): Phase {
    return this.#phase;
  }

  get complete(): boolean {
    return this.#complete;
  }

  get damage(): readonly Damage[] {
    return this.#damage;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
  }

  storeFull(full: boolean): void {
    this.#storeFull = full;
  }

  incomplete(): void {
    this.#complete = false;
  }

  damaged(damage: Damage): void {
    if (this.#damage.length < damageShownMax) this.#damage.push(damage);
  }

  /** Why the relay is not ready; empty when it is. */
  reasons(): readonly string[] {
    const reasons: string[] = [];
    if (this.#phase === "starting") reasons.push("The relay is starting.");
    if (this.#phase === "stopping") reasons.push("The relay is stopping.");
    if (this.#storeFull) reasons.push("The disk is full; edits stay with their authors until there is space.");
    return reasons;
  }
}
