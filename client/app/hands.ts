/**
 * Hands: whether somebody is just doing something with the text, so that what others do to it waits for that moment.
 *
 * - Composing a character (input method, dead key, phone keyboard): a change around it would end the composition.
 * - Putting the caret somewhere, by pointer or arrow keys: the browser moves its selection at once, and tells the editor
 *   in a later task. An edit drawn between the two draws the old selection too, and the next words land in the wrong line.
 *
 * What waits is stored and acknowledged meanwhile (`InkmeshRoom.holdRemote`, which also bounds the wait). A press of a
 * key holds for one short moment only, so that somebody who leans on an arrow key does not stand still for everybody
 * else. A composition ends with a moment, too: the editor reads what was composed after the event, and the next
 * composition may begin in it.
 */
type Reason = "composition" | "pointer" | "key";

const settleMs = 50;

export class Hands {
  readonly #hold: (busy: boolean) => void;
  readonly #reasons = new Set<Reason>();
  readonly #timers = new Map<Reason, ReturnType<typeof setTimeout>>();
  /** What waits for free hands, beside what the room holds. */
  #putOff: (() => void) | undefined;

  /** `hold` is called with true when hands become busy and with false when they are free again. */
  constructor(hold: (busy: boolean) => void) {
    this.#hold = hold;
  }

  get areBusy(): boolean {
    return this.#reasons.size > 0;
  }

  /** Answers false, as a handler that leaves the event to others. */
  busy(reason: Reason): false {
    clearTimeout(this.#timers.get(reason));
    this.#timers.delete(reason);
    this.#reasons.add(reason);
    if (this.#reasons.size === 1) this.#hold(true);
    return false;
  }

  /** For one moment; a key pressed again within it does not make it longer. */
  pressed(): false {
    if (!this.#reasons.has("key")) this.busy("key");
    return this.freeSoon("key");
  }

  /** After the editor has heard of the selection or the composed text. */
  freeSoon(reason: Reason): false {
    if (!this.#reasons.has(reason) || this.#timers.has(reason)) return false;
    this.#timers.set(
      reason,
      setTimeout(() => this.#end(reason), settleMs),
    );
    return false;
  }

  free(): false {
    for (const reason of [...this.#reasons]) this.#end(reason);
    return false;
  }

  /** Whether `action` has to wait: then it is called once, when the hands are free. */
  putOff(action: () => void): boolean {
    if (this.areBusy) this.#putOff = action;
    return this.areBusy;
  }

  #end(reason: Reason): void {
    clearTimeout(this.#timers.get(reason));
    this.#timers.delete(reason);
    if (!this.#reasons.delete(reason) || this.#reasons.size > 0) return;
    this.#hold(false);
    const putOff = this.#putOff;
    this.#putOff = undefined;
    putOff?.();
  }
}
