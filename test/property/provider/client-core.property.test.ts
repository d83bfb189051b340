import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { loadAutomerge } from "@inkmesh/client/automerge";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";
import { ModelRelay } from "./model-relay.ts";
import { SimClient } from "./sim-client.ts";
import { textOf } from "./sim-document.ts";

const rooms = { yjs: "r" as RoomName, automerge: roomOfDocument(documentIdOf(new Uint8Array(16))) };
beforeAll(() => loadAutomerge());

/** One history: clients type, lines break, pages reload and the relay crashes at any point; then all is well again. */
class History {
  readonly relay: ModelRelay;
  readonly clients: readonly SimClient[];
  readonly #random: Random;
  #nowMs = 0;

  readonly #engine: EngineName;

  constructor(seed: number, engine: EngineName) {
    this.#engine = engine;
    this.relay = new ModelRelay(engine);
    this.#random = seededRandom(seed);
    const now = (): number => this.#nowMs;
    this.clients = ["a", "b", "c"].map(
      (name) => new SimClient({ name, room: rooms[engine], relay: this.relay, random: this.#random, now }),
    );
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      const client = this.clients[randomInteger(this.#random, this.clients.length)] as SimClient;
      this.#event(client);
      this.#passTime(10);
      this.#audit(client);
    }
    this.#heal();
  }

  get durableText(): string {
    return textOf(this.#engine, this.relay.durable);
  }

  #event(client: SimClient): void {
    const dice = randomInteger(this.#random, 100);
    if (dice < 25) client.type();
    else if (dice < 55) client.deliverToRelay();
    else if (dice < 85) client.deliverToClient();
    else if (dice < 90) this.relay.sync();
    else if (dice < 93) client.cut();
    else if (dice < 95) client.reload();
    else if (dice < 97) this.#crash();
    else this.relay.isFull = !this.relay.isFull;
  }

  #crash(): void {
    this.relay.crash();
    for (const client of this.clients) client.cut();
  }

  #passTime(ms: number): void {
    this.#nowMs += ms;
    for (const client of this.clients) client.keepDeadlines();
  }

  /** Faults stop: within a bound everything is delivered. */
  #heal(): void {
    this.relay.isFull = false;
    for (let round = 0; round < 5_000; round++) {
      for (const client of this.clients) {
        client.deliverToRelay();
        client.deliverToClient();
      }
      this.relay.sync();
      this.#passTime(20);
      if (this.clients.every((client) => client.isLive && client.waiting === 0 && !client.hasFrames)) return;
    }
    throw new Error(`not healed: ${JSON.stringify(this.clients.map(({ name, isLive, waiting }) => ({ name, isLive, waiting })))}`);
  }

  /** What must hold after every event. */
  #audit(client: SimClient): void {
    if (client.saved.length > 0) {
      const onDisk = new Set(tokensOf(this.durableText));
      expect(client.saved.filter((token) => !onDisk.has(token))).toEqual([]);
    }
    const onDevice = new Set(tokensOf(client.diskText()));
    expect(client.typed.filter((token) => !onDevice.has(token))).toEqual([]);
  }
}

const tokensOf = (text: string): string[] => text.match(/<[^>]+>/g) ?? [];

// Of Automerge fewer: each look at a disk hashes all changes on it.
describe.each([
  ["yjs", 30],
  ["automerge", 8],
] as const)("a document of %s", (engine, runs) => {
  test("[P1][P2][P7] whatever breaks, what was typed is everywhere once, and what was saved was on disk", () => {
    holds(
      fc.property(fc.integer({ min: 0, max: 0x7fff_ffff }), (seed) => {
        const history = new History(seed, engine);
        history.run(120);
        const typed = history.clients.flatMap((client) => client.typed);
        const texts = history.clients.map((client) => client.text);
        expect(new Set(texts).size).toBe(1);
        expect(tokensOf(texts[0] ?? "").sort()).toEqual([...typed].sort());
        expect(history.durableText).toBe(texts[0]);
        expect(new Set(history.clients.map((client) => client.stateVector)).size).toBe(1);
      }),
      Number(process.env["INKMESH_RUNS"] ?? runs),
    );
  }, 60_000);
});
