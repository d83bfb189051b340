/**
 * Typist: a client of our own protocol that types tokens and believes only what the relay tells it. Every token goes
 * into the history when it is typed, and again when an ack says that enough replicas hold it on disk.
 *
 * It heals as the protocol asks: after a `nack` with GAP it sends, under the refused number, all that the relay lacks.
 * It keeps nothing beyond its life and never reconnects, so that it cannot repair what a relay lost.
 */
import * as Y from "yjs";
import { boundaries, type History } from "./checker.ts";
import { NativeSocket } from "./native-socket.ts";
import type { RelayProcess } from "./relay-process.ts";

interface Sent {
  readonly number: number;
  readonly tokens: readonly string[];
}

export interface Chance {
  fraction(): number;
}

export class Typist {
  readonly doc = new Y.Doc();
  readonly name: string;
  readonly #history: History;
  readonly #random: Chance;
  readonly #socket: NativeSocket;
  #waiting: Sent[] = [];
  #dropped: string[] = [];
  #number = 0;
  #savedUpTo = 0;
  #refusedWith: string | undefined;
  #mute = false;

  constructor(relay: RelayProcess, options: { name: string; history: History; random: Chance }) {
    this.name = options.name;
    this.#history = options.history;
    this.#random = options.random;
    this.#socket = new NativeSocket(relay.socketUrl("/sync"));
  }

  async join(room: string): Promise<this> {
    this.#socket.onMessage = (message) => {
      if (message.type === "updates") this.#apply(message.updates);
      if (message.type === "ack" && message.copies >= message.needed) this.#acknowledged(message.number);
      if (message.type === "nack") this.#refused(message);
    };
    await (await this.#socket.hello()).open(room);
    return this;
  }

  /** The code of the last refusal that healing does not answer. */
  get refusedWith(): string | undefined {
    return this.#refusedWith;
  }

  /** The number of what was sent last. */
  get sentUpTo(): number {
    return this.#number;
  }

  /** The highest number that was called saved. */
  get savedUpTo(): number {
    return this.#savedUpTo;
  }

  get unacknowledged(): number {
    return this.#waiting.length;
  }

  get connected(): boolean {
    return this.#socket.raw.closeCode === undefined;
  }

  get closeCode(): number | undefined {
    return this.#socket.raw.closeCode;
  }

  /** Types one token at a random place. `dropped`: the update never leaves, as if a client had lost it. */
  type(options: { dropped?: boolean; padding?: number } = {}): void {
    const token = this.#history.invoke(this.name);
    const places = boundaries(this.#text());
    const place = places[Math.floor(this.#random.fraction() * places.length)]!;
    const update = this.#edit(() => this.doc.getText("text").insert(place, token));
    if (options.dropped === true || this.#mute) this.#dropped.push(token);
    else this.#send([update], [token]);
    if (options.padding !== undefined) this.#pad(options.padding);
  }

  /** The connection goes on, but nobody may take its word any more: the relay is about to be killed. */
  stop(): void {
    this.#mute = true;
    this.#socket.onMessage = () => undefined;
  }

  /** Asks the relay to take again what it refused for a time. */
  retry(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    this.#refusedWith = undefined;
    this.#resend(first.number, Y.encodeStateAsUpdate(this.doc));
  }

  end(): void {
    this.#socket.onMessage = () => undefined;
    this.#socket.end();
    this.doc.destroy();
  }

  #text(): string {
    return this.doc.getText("text").toString();
  }

  /** Bytes beside the text, so that a small disk fills quickly. */
  #pad(bytes: number): void {
    const update = this.#edit(() => this.doc.getMap("padding").set(`${this.name}-${this.#number}`, new Uint8Array(bytes)));
    this.#send([update], []);
  }

  #edit(change: () => void): Uint8Array {
    let made: Uint8Array | undefined;
    const listen = (update: Uint8Array): void => {
      made = update;
    };
    this.doc.on("update", listen);
    change();
    this.doc.off("update", listen);
    return made!;
  }

  #send(updates: readonly Uint8Array[], tokens: readonly string[]): void {
    this.#number += 1;
    this.#waiting.push({ number: this.#number, tokens });
    this.#socket.say({ type: "updates", channel: 1, first: this.#number, kind: "edit", updates });
  }

  #apply(updates: readonly Uint8Array[]): void {
    this.doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.doc, update, "relay");
    });
  }

  #acknowledged(number: number): void {
    this.#savedUpTo = Math.max(this.#savedUpTo, number);
    for (const sent of this.#waiting) if (sent.number <= number) for (const token of sent.tokens) this.#history.acknowledge(token);
    this.#waiting = this.#waiting.filter((sent) => sent.number > number);
  }

  #refused(nack: { readonly number: number; readonly code: string; readonly stateVector: Uint8Array }): void {
    if (nack.code === "GAP") this.#resend(nack.number, Y.encodeStateAsUpdate(this.doc, nack.stateVector));
    else this.#refusedWith = nack.code;
  }

  /** Go-back-N: one update that carries everything from `number` on. */
  #resend(number: number, update: Uint8Array): void {
    const tokens = [...this.#waiting.filter((sent) => sent.number >= number).flatMap((sent) => sent.tokens), ...this.#dropped];
    this.#dropped = [];
    this.#waiting = [...this.#waiting.filter((sent) => sent.number < number), { number, tokens }];
    this.#number = number;
    this.#socket.say({ type: "updates", channel: 1, first: number, kind: "state", updates: [update] });
  }
}
