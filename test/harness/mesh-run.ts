/**
 * MeshRun: typists at every relay of a mesh type into one room while relays are killed, frozen or wiped. After each round all
 * typists are gone, so that nobody repairs anything, and readers with nothing ask every relay.
 *
 * Moments, places and pace come from a seed; the operating system's part of the interleaving does not.
 */
import { History, type Read, type Verdict } from "./checker.ts";
import { InkClient } from "./ink-client.ts";
import { becomeOneMesh, type MeshProcess } from "./mesh-processes.ts";
import { contentOf } from "./relay-api.ts";
import { Typist, type Chance } from "./typist.ts";
import { pause, until } from "./until.ts";

export interface MeshRunOptions {
  readonly relays: readonly MeshProcess[];
  readonly room: string;
  readonly random: Chance;
}

/** What befalls a relay, and what makes it good again. */
export interface Mishap {
  befall(relay: MeshProcess): Promise<void>;
  end(relay: MeshProcess): Promise<void>;
}

export const kill: Mishap = { befall: async (relay) => void (await relay.end("SIGKILL")), end: (relay) => relay.start() };

/** What befalls the wires between relays; `begin` resolves when nothing more is to change, at the end of its time. */
export interface Trouble {
  begin(): Promise<void>;
  end(): void;
}

/** Kept still for longer than it takes to be suspected. */
export const freeze: Mishap = {
  befall: async (relay) => relay.signal("SIGSTOP"),
  end: async (relay) => relay.signal("SIGCONT"),
};

const convergeWithinMs = 15_000;

export class MeshRun {
  readonly history = new History();
  readonly #options: MeshRunOptions;
  #round = 0;

  constructor(options: MeshRunOptions) {
    this.#options = options;
  }

  /**
   * Load everywhere, then on those that `victims` leaves, then all are back. Where most are left, all that is typed there must be
   * acknowledged without the others. Answers how much was while the victims were away, and what readers see in the end.
   */
  async round(mishap: Mishap, victims: readonly MeshProcess[], awayMs: number): Promise<{ meanwhile: number; verdict: Verdict }> {
    this.#round += 1;
    const { relays } = this.#options;
    const typists = new Map<MeshProcess, Typist>();
    for (const relay of relays) typists.set(relay, await this.#typist(relay));
    await this.#load([...typists.values()], 200 + this.#options.random.fraction() * 400);
    await Promise.all(victims.map((victim) => mishap.befall(victim)));
    // What was still in the sockets' buffers was said before; hear it out, then believe nothing more.
    await pause(20);
    for (const victim of victims) typists.get(victim)!.stop();
    const others = relays.filter((relay) => !victims.includes(relay)).map((relay) => typists.get(relay)!);
    const before = this.history.acknowledged;
    await this.#load(others, awayMs);
    const areAcknowledged = (): boolean => others.every((typist) => typist.unacknowledged === 0);
    if (2 * others.length > relays.length) await until("what the others typed is acknowledged", areAcknowledged);
    const meanwhile = this.history.acknowledged - before;
    for (const typist of typists.values()) typist.stop();
    for (const typist of typists.values()) typist.end();
    await Promise.all(victims.map((victim) => mishap.end(victim)));
    return { meanwhile, verdict: await this.read() };
  }

  /**
   * Load everywhere while `trouble` is on the wires, then until all that was typed is acknowledged. Those `cutOff` reach too few others
   * and must not call saved what was typed from then on. People type at the relays `at`; `after` it those are there. Answers how much was acknowledged meanwhile, and what readers see in the end.
   */
  async troubled(
    trouble: Trouble,
    cutOff: readonly MeshProcess[],
    ms: number,
    { at = this.#options.relays, after = at }: { at?: readonly MeshProcess[]; after?: readonly MeshProcess[] } = {},
  ): Promise<{ meanwhile: number; lies: number; verdict: Verdict }> {
    this.#round += 1;
    const typists = new Map<MeshProcess, Typist>();
    for (const relay of at) typists.set(relay, await this.#typist(relay));
    await this.#load([...typists.values()], 200 + this.#options.random.fraction() * 400);
    const done = trouble.begin();
    const before = this.history.acknowledged;
    const alone = cutOff.map((relay) => typists.get(relay)!).map((typist) => ({ typist, sentBefore: typist.sentUpTo }));
    await this.#load([...typists.values()], ms);
    const meanwhile = this.history.acknowledged - before;
    const lies = alone.filter(({ typist, sentBefore }) => typist.savedUpTo > sentBefore).length;
    await done;
    trouble.end();
    const unacknowledged = (): readonly number[] => [...typists.values()].map((typist) => typist.unacknowledged);
    await until("all that was typed is acknowledged", () => unacknowledged().every((count) => count === 0), {
      timeoutMs: convergeWithinMs,
      seen: unacknowledged,
    });
    for (const typist of typists.values()) typist.end();
    return { meanwhile, lies, verdict: await this.read(after) };
  }

  /** What readers see at every relay that had no part in the run, once the relays are one mesh and say the same. */
  async read(relays = this.#options.relays): Promise<Verdict> {
    const { room } = this.#options;
    await becomeOneMesh(relays);
    const texts = (): Promise<readonly string[]> => Promise.all(relays.map((relay) => contentOf(relay, room)));
    const areEqual = async (): Promise<boolean> => new Set(await texts()).size === 1;
    const seen = async (): Promise<readonly number[]> => (await texts()).map((text) => text.length);
    await until("every relay has the same text", areEqual, { timeoutMs: convergeWithinMs, seen });
    const reads: Read[] = [];
    for (const relay of relays) {
      const reader = await new InkClient(relay, room).synced();
      reads.push({ reader: `our client at ${relay.name}`, text: reader.read() });
      await reader.end();
    }
    for (const [index, text] of (await texts()).entries()) reads.push({ reader: `HTTP at ${relays[index]!.name}`, text });
    return this.history.judge(reads);
  }

  async #typist(relay: MeshProcess): Promise<Typist> {
    const { room, random } = this.#options;
    return new Typist(relay, { name: `${relay.name}${this.#round}`, history: this.history, random }).join(room);
  }

  async #load(typists: readonly Typist[], ms: number): Promise<void> {
    const { random } = this.#options;
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (const typist of typists) if (random.fraction() < 0.7) typist.type();
      await pause(random.fraction() * 8); // The pace of the load.
    }
  }
}
