/**
 * CrashRun: clients of several kinds type into one room while the relay is killed at random moments, with kill -9. After
 * each crash all of them are gone, so that nobody repairs anything, and fresh readers say what is there: a released
 * y-websocket client, our own, and the HTTP face.
 *
 * The moment, the places and the pace come from a seed; the operating system's part of the interleaving does not.
 */
import { pause, until } from "./until.ts";
import { boundaries, History, type Verdict } from "./checker.ts";
import { InkClient } from "./ink-client.ts";
import { contentOf } from "./relay-api.ts";
import type { RelayProcess } from "./relay-process.ts";
import { Typist, type Chance } from "./typist.ts";
import { YClient, yVersions } from "./y-client.ts";

export interface CrashRunOptions {
  readonly relay: RelayProcess;
  readonly room: string;
  readonly random: Chance;
  /** The chance that an update of a typist never leaves it. */
  readonly droppedShare?: number;
}

/** Somebody who types tokens until the relay is killed. */
interface Writer {
  type(): void;
  stop(): void;
  end(): void | Promise<void>;
}

const loadMs = { least: 60, most: 500 };

export class CrashRun {
  readonly history = new History();
  readonly #options: CrashRunOptions;
  #round = 0;

  constructor(options: CrashRunOptions) {
    this.#options = options;
  }

  /** One life of the relay: load, kill -9, a new life, and what fresh readers see then. */
  async round(): Promise<Verdict> {
    this.#round += 1;
    const writers = await this.#writers();
    const { random, relay } = this.#options;
    const killAt = performance.now() + loadMs.least + random.fraction() * (loadMs.most - loadMs.least);
    while (performance.now() < killAt) {
      for (const writer of writers) if (random.fraction() < 0.7) writer.type();
      await pause(random.fraction() * 4); // The pace of the load.
    }
    const death = relay.end("SIGKILL");
    await death;
    // What was still in the sockets' buffers was said before the death; hear it out, then believe nothing more.
    await pause(20);
    for (const writer of writers) writer.stop();
    await Promise.all(writers.map((writer) => writer.end()));
    await relay.start();
    return this.read();
  }

  /** What readers see that had no part in the run. */
  async read(): Promise<Verdict> {
    const { relay, room } = this.#options;
    const theirs = new YClient(relay, room, { version: yVersions[this.#round % yVersions.length]! });
    const ours = new InkClient(relay, room);
    await Promise.all([theirs.synced(), ours.synced()]);
    const verdict = this.history.judge([
      { reader: `y-websocket ${theirs.version}`, text: theirs.read() },
      { reader: "our client", text: ours.read() },
      { reader: "HTTP", text: await contentOf(relay, room) },
    ]);
    theirs.end();
    await ours.end();
    return verdict;
  }

  async #writers(): Promise<readonly Writer[]> {
    const typists = await Promise.all(["a", "b"].map((who) => this.#typist(`${who}${this.#round}`)));
    return [...typists, await this.#inkWriter(`ink${this.#round}`), await this.#yWriter(`y${this.#round}`)];
  }

  async #typist(name: string): Promise<Writer> {
    const { relay, room, random, droppedShare = 0 } = this.#options;
    const typist = await new Typist(relay, { name, history: this.history, random }).join(room);
    return { type: () => typist.type({ dropped: random.fraction() < droppedShare }), stop: () => typist.stop(), end: () => typist.end() };
  }

  async #inkWriter(name: string): Promise<Writer> {
    const client = await new InkClient(this.#options.relay, this.#options.room).synced();
    let believed = true;
    return {
      type: () => {
        const token = this.history.invoke(name);
        client.insert(this.#place(client.read()), token);
        client.room.whenSaved().then(
          () => believed && this.history.acknowledge(token),
          () => undefined, // Closed before it was saved: an open edit.
        );
      },
      stop: () => (believed = false),
      end: () => client.end(),
    };
  }

  /** No acks in this protocol: its edits are open, but must be neither doubled nor torn. */
  async #yWriter(name: string): Promise<Writer> {
    const version = yVersions[this.#round % yVersions.length]!;
    const client = await new YClient(this.#options.relay, this.#options.room, { version }).synced();
    return {
      type: () => client.insert(this.#place(client.read()), this.history.invoke(name)),
      stop: () => undefined,
      end: () => client.end(),
    };
  }

  #place(text: string): number {
    const places = boundaries(text);
    return places[Math.floor(this.#options.random.fraction() * places.length)]!;
  }
}

/** Waits until a typist has heard of everything, or says what it was refused with. */
export async function settled(typist: Typist): Promise<void> {
  await until("every token is acknowledged", () => typist.unacknowledged === 0, {
    seen: () => [typist.unacknowledged, typist.refusedWith, typist.closeCode],
  });
}
