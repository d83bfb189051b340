/**
 * ChannelTable: the sessions of one connection, by the channel that the client gave them.
 *
 * A channel that the relay ended is remembered for a while, because the client may have spoken before it heard of it;
 * the oldest are forgotten first, at most as many are kept as `forgottenMax`. One that the client let go of is here until what was said in it
 * before has been taken.
 */
import type { Session } from "./session.ts";

export class ChannelTable {
  readonly #forgottenMax: number;
  readonly #sessions = new Map<number, Session>();
  readonly #ended = new Set<number>();
  /** Their channels are closed; what was said in them still waits for their rooms. */
  readonly #leaving = new Set<Session>();

  constructor(options: { forgottenMax: number }) {
    this.#forgottenMax = options.forgottenMax;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get sizeOfAll(): number {
    return this.#sessions.size + this.#leaving.size;
  }

  session(channel: number): Session | undefined {
    return this.#sessions.get(channel);
  }

  sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** Those, too, that their client has let go of. */
  all(): readonly Session[] {
    return [...this.#sessions.values(), ...this.#leaving];
  }

  add(channel: number, session: Session): void {
    this.#ended.delete(channel);
    this.#sessions.set(channel, session);
  }

  /** The client closed it, or says so of one that it was just told about. */
  remove(channel: number): Session | undefined {
    const session = this.#sessions.get(channel);
    this.#sessions.delete(channel);
    this.#ended.delete(channel);
    return session;
  }

  /** What the client had written before is taken first. */
  letGo(session: Session | undefined): void {
    if (session === undefined) return;
    this.#leaving.add(session);
    session.letGo(() => this.#leaving.delete(session));
  }

  endByRelay(channel: number): Session | undefined {
    const session = this.remove(channel);
    this.#ended.add(channel);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#forgottenMax) break;
      this.#ended.delete(oldest);
    }
    return session;
  }

  wasEnded(channel: number): boolean {
    return this.#ended.has(channel);
  }

  clear(): readonly Session[] {
    const sessions = this.all();
    this.#leaving.clear();
    this.#sessions.clear();
    this.#ended.clear();
    return sessions;
  }
}
