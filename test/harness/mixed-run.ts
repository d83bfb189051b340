/**
 * MixedRun: released y-websocket clients and typists of our own protocol at every relay of a mesh type into one room while something
 * happens to a relay or to the wires.
 *
 * The y-websocket clients stay: they know only their own relay, are told nothing of disks, and come back to it when they can. What one
 * of them typed counts as promised when every relay shows it and a later edit of ours was called saved at each of them: what a relay
 * had let in before is then on enough disks, too. Afterwards all relays are killed together, and readers with nothing judge.
 */
import { boundaries, History, type Read, type Verdict } from "./checker.ts";
import { InkClient } from "./ink-client.ts";
import { becomeOneMesh, type MeshProcess } from "./mesh-processes.ts";
import { contentOf } from "./relay-api.ts";
import { Typist, type Chance } from "./typist.ts";
import { pause, until } from "./until.ts";
import { YClient, yVersions } from "./y-client.ts";

export interface Blow {
  readonly strike: (victim: MeshProcess, others: readonly MeshProcess[]) => void | Promise<unknown>;
  /** Resolves when the relays run and nothing is in the way of their words. */
  readonly undo: (victim: MeshProcess) => void | Promise<unknown>;
  readonly lastsMs: number;
  /** The victim's typist is heard no more: its relay is dead. */
  readonly kills?: boolean;
}

interface Round {
  /** From when nothing was in the way any more until all said the same. */
  readonly convergedMs: number;
  /** Edits that were acknowledged while the victim was struck. */
  readonly meanwhile: number;
  readonly verdict: Verdict;
}

const convergeWithinMs = 30_000;

export class MixedRun {
  readonly history = new History();
  readonly #relays: readonly MeshProcess[];
  readonly #room: string;
  readonly #random: Chance;
  #round = 0;

  constructor(options: { relays: readonly MeshProcess[]; room: string; random: Chance }) {
    this.#relays = options.relays;
    this.#room = options.room;
    this.#random = options.random;
  }

  async round(blow: Blow, victim: MeshProcess): Promise<Round> {
    this.#round += 1;
    const theirs = await Promise.all(this.#relays.map((relay, index) => this.#yWriter(relay, index)));
    const ours = await Promise.all(this.#relays.map((relay) => this.#typist(relay, "")));
    await this.#load([...theirs, ...ours], 300 + this.#random.fraction() * 300);
    const before = this.history.acknowledged;
    const others = this.#relays.filter((relay) => relay !== victim);
    const strike = Promise.resolve(blow.strike(victim, others));
    if (blow.kills === true) {
      await strike;
      // What was still in the sockets' buffers was said before; hear it out, then believe nothing more.
      await pause(20);
      ours[this.#relays.indexOf(victim)]!.stop();
    }
    await this.#load([...theirs, ...ours], blow.lastsMs, strike);
    const meanwhile = this.history.acknowledged - before;
    await blow.undo(victim);
    const convergedMs = await this.#converge(theirs);
    await this.#saveLater();
    for (const writer of theirs) for (const token of writer.typed) this.history.acknowledge(token);
    for (const typist of ours) typist.stop();
    for (const writer of [...theirs, ...ours]) writer.end();
    await Promise.all(this.#relays.map((relay) => relay.crashAndRestart()));
    return { convergedMs, meanwhile, verdict: await this.#read() };
  }

  /** Until relays and clients all say the same, and it has every word of the y-websocket clients. Milliseconds. */
  async #converge(theirs: readonly YWriter[]): Promise<number> {
    const startedAt = performance.now();
    const typed = theirs.flatMap((writer) => writer.typed);
    const texts = async (): Promise<readonly string[]> => [
      ...theirs.map((writer) => writer.read()),
      ...(await Promise.all(this.#relays.map((relay) => contentOf(relay, this.#room)))),
    ];
    const agree = async (): Promise<boolean> => {
      const all = await texts();
      return new Set(all).size === 1 && typed.every((token) => all[0]!.includes(token));
    };
    const seen = async (): Promise<readonly number[]> => (await texts()).map((text) => text.length);
    await until("clients and relays say the same", agree, { timeoutMs: convergeWithinMs, seen });
    return performance.now() - startedAt;
  }

  /** A later edit of ours at each relay, until it is called saved. */
  async #saveLater(): Promise<void> {
    const typists = await Promise.all(this.#relays.map((relay) => this.#typist(relay, "z")));
    for (const typist of typists) typist.type();
    await until("later edits are saved", () => typists.every((typist) => typist.unacknowledged === 0), { timeoutMs: convergeWithinMs });
    for (const typist of typists) typist.end();
  }

  async #read(): Promise<Verdict> {
    await becomeOneMesh(this.#relays);
    const texts = (): Promise<readonly string[]> => Promise.all(this.#relays.map((relay) => contentOf(relay, this.#room)));
    await until("every relay has the same text", async () => new Set(await texts()).size === 1, { timeoutMs: convergeWithinMs });
    const reads: Read[] = [];
    for (const [index, relay] of this.#relays.entries()) {
      const version = yVersions[(this.#round + index) % yVersions.length]!;
      const [theirs, ours] = [new YClient(relay, this.#room, { version }), new InkClient(relay, this.#room)];
      await Promise.all([theirs.synced(), ours.synced()]);
      reads.push({ reader: `y-websocket ${version} at ${relay.name}`, text: theirs.read() });
      reads.push({ reader: `our client at ${relay.name}`, text: ours.read() });
      reads.push({ reader: `HTTP at ${relay.name}`, text: await contentOf(relay, this.#room) });
      theirs.end();
      await ours.end();
    }
    return this.history.judge(reads);
  }

  async #yWriter(relay: MeshProcess, index: number): Promise<YWriter> {
    const version = yVersions[(this.#round + index) % yVersions.length]!;
    const client = await new YClient(relay, this.#room, { version }).synced();
    return new YWriter(client, { name: `y${relay.name}${this.#round}`, history: this.history, random: this.#random });
  }

  #typist(relay: MeshProcess, suffix: string): Promise<Typist> {
    const name = `${relay.name}${this.#round}${suffix}`;
    return new Typist(relay, { name, history: this.history, random: this.#random }).join(this.#room);
  }

  /** At least so long, and until `done`. */
  async #load(writers: readonly { type(): void }[], ms: number, done: Promise<unknown> = Promise.resolve()): Promise<void> {
    let isOver = false;
    void done.finally(() => (isOver = true));
    const end = performance.now() + ms;
    while (performance.now() < end || !isOver) {
      for (const writer of writers) if (this.#random.fraction() < 0.5) writer.type();
      await pause(10 + this.#random.fraction() * 30); // The pace of the load.
    }
  }
}

/** Somebody with an application that uses y-websocket: types on whether or not there is a line. */
class YWriter {
  readonly typed: string[] = [];
  readonly #client: YClient;
  readonly #options: { readonly name: string; readonly history: History; readonly random: Chance };

  constructor(client: YClient, options: { name: string; history: History; random: Chance }) {
    this.#client = client;
    this.#options = options;
  }

  read(): string {
    return this.#client.read();
  }

  type(): void {
    const { history, name, random } = this.#options;
    const token = history.invoke(name);
    const places = boundaries(this.read());
    this.#client.insert(places[Math.floor(random.fraction() * places.length)]!, token);
    this.typed.push(token);
  }

  end(): void {
    this.#client.end();
  }
}
