/**
 * AccessQueue: questions to the application that wait for one of a few slots, and in whose turn.
 *
 *     address ─┬─ socket: question, question …        addresses take turns, and so do the sockets of one address;
 *              └─ http: question …                    no socket has more than a quarter of the slots
 *
 * First come, first served would let whoever asks most keep everybody else out. What is too much for the queue goes from the end of its
 * longest part, so that who asks little is not crowded out by who asks much, also where a proxy gives all of them one address.
 *
 * Invariants: at most `slots` hold one; at most `waitingMax` wait, each for at most `waitMs`.
 */
export interface Asker {
  readonly address: string;
  /** Its connection, or what stands for all its requests. */
  readonly socket: string;
}

export interface AccessQueueLimits {
  readonly slots: number;
  readonly waitingMax: number;
  readonly waitMs: number;
}

/** Undefined: there was no slot in time, or the queue was too long. Otherwise to be called once, when the slot is free again. */
type Slot = (() => void) | undefined;

interface Waiting {
  readonly asker: Asker;
  readonly settle: (slot: Slot) => void;
}

export class AccessQueue {
  readonly #limits: AccessQueueLimits;
  /** Address → socket → questions; those whose turn is next stand first. */
  readonly #waiting = new Map<string, Map<string, Waiting[]>>();
  /** Socket → slots that it has. */
  readonly #taken = new Map<string, number>();
  #size = 0;
  #slotsTaken = 0;

  constructor(limits: AccessQueueLimits) {
    this.#limits = limits;
  }

  slot(asker: Asker): Promise<Slot> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#giveUp(waiting), this.#limits.waitMs);
      const settle = (slot: Slot): void => {
        clearTimeout(timer);
        resolve(slot);
      };
      const waiting: Waiting = { asker, settle };
      this.#partOf(asker).push(waiting);
      this.#size += 1;
      this.#fill();
      if (this.#size > this.#limits.waitingMax) this.#giveUp(this.#lastOfLongest());
    });
  }

  #fill(): void {
    while (this.#slotsTaken < this.#limits.slots) {
      const next = this.#next();
      if (next === undefined) return;
      this.#leave(next);
      this.#toTheEnd(next.asker);
      this.#take(next.asker, 1);
      next.settle(() => {
        this.#take(next.asker, -1);
        this.#fill();
      });
    }
  }

  #next(): Waiting | undefined {
    const share = Math.max(1, Math.floor(this.#limits.slots / 4));
    for (const sockets of this.#waiting.values())
      for (const [first] of sockets.values()) if (first !== undefined && (this.#taken.get(keyOf(first.asker)) ?? 0) < share) return first;
    return undefined;
  }

  #take({ address, socket }: Asker, change: 1 | -1): void {
    const key = keyOf({ address, socket });
    const taken = (this.#taken.get(key) ?? 0) + change;
    if (taken === 0) this.#taken.delete(key);
    else this.#taken.set(key, taken);
    this.#slotsTaken += change;
  }

  #giveUp(waiting: Waiting): void {
    this.#leave(waiting);
    waiting.settle(undefined);
  }

  #leave(waiting: Waiting): void {
    const { address, socket } = waiting.asker;
    const part = this.#partOf(waiting.asker);
    part.splice(part.indexOf(waiting), 1);
    this.#size -= 1;
    if (part.length > 0) return;
    const sockets = this.#waiting.get(address);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#waiting.delete(address);
  }

  /** Who had a turn is behind all others. */
  #toTheEnd({ address, socket }: Asker): void {
    const sockets = this.#waiting.get(address);
    if (sockets === undefined) return;
    moveLast(sockets, socket);
    moveLast(this.#waiting, address);
  }

  #lastOfLongest(): Waiting {
    const sizeOf = (sockets: Map<string, Waiting[]>): number => [...sockets.values()].reduce((sum, part) => sum + part.length, 0);
    const sockets = longest(this.#waiting.values(), sizeOf);
    return longest(sockets.values(), (part) => part.length).at(-1)!;
  }

  #partOf({ address, socket }: Asker): Waiting[] {
    const sockets = this.#waiting.get(address) ?? new Map<string, Waiting[]>();
    this.#waiting.set(address, sockets);
    const part = sockets.get(socket) ?? [];
    sockets.set(socket, part);
    return part;
  }
}

function keyOf({ address, socket }: Asker): string {
  return `${address} ${socket}`;
}

function moveLast<Value>(map: Map<string, Value>, key: string): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}

function longest<Each>(all: Iterable<Each>, sizeOf: (each: Each) => number): Each {
  return [...all].reduce((most, each) => (sizeOf(each) > sizeOf(most) ? each : most));
}
