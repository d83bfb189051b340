/**
 * Attacker: somebody who opens a line and sends what nobody's client sends: mutated frames of honest ones, updates that
 * hang on nothing, bombs, and other people's content.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import * as Y from "yjs";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { aClockBomb, aGap, aNestingBomb, anUpdate, inV2 } from "../harness/hostile-update.ts";
import { yMessage } from "../unit/core/scripted-client.ts";
import type { SimLine, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./world.ts";

const room = "note";

export class Attacker {
  readonly #random: Random;
  readonly #process: SimProcess;
  readonly #isNative: boolean;
  #line: SimLine | undefined;

  constructor(options: { network: SimNetwork; process: SimProcess; host: string; random: Random }) {
    this.#random = options.random;
    this.#process = options.process;
    this.#isNative = this.#random.fraction() < 0.5;
    const to = { host: options.host, path: this.#isNative ? "/sync" : `/y/${room}` };
    this.#line = options.network.connect(options.process, to, {
      opened: () => this.#attack(8 + randomInteger(this.#random, 20)),
      frame: () => undefined,
      closed: () => (this.#line = undefined),
    });
  }

  #attack(rounds: number): void {
    if (rounds === 0 || this.#line === undefined) return this.#line?.close();
    for (const frame of this.#isNative ? this.#native() : this.#yWebsocket()) this.#line?.send(this.#mutated(frame));
    this.#process.reach(1 + this.#random.fraction() * 60, "attacks", () => this.#attack(rounds - 1));
  }

  #native(): readonly Uint8Array[] {
    const hello = { type: "hello", version: nativeVersion, agent: "x", credential: "" } as const;
    const [clock, stateVector] = [VectorClock.empty, Uint8Array.of(0)];
    const open = { type: "open", channel: 1, room, generation: undefined, access: "read-write", token: "", clock, stateVector } as const;
    const updates = { type: "updates", channel: 1, first: 1, kind: this.#random.fraction() < 0.5 ? "edit" : "state" } as const;
    return [
      ...encodeClientMessages([hello]),
      ...encodeClientMessages([open]),
      ...encodeClientMessages([{ ...updates, updates: [this.#update()] }]),
    ];
  }

  #yWebsocket(): readonly Uint8Array[] {
    return [yMessage([0, 0], Uint8Array.of(0)), yMessage([0, 1 + randomInteger(this.#random, 2)], this.#update())];
  }

  /** Hostile ones, and one that could be anybody's: that gets in. */
  #update(): Uint8Array {
    const client = 1_000_000 + randomInteger(this.#random, 1_000_000);
    const kinds = [() => aGap(client), inV2, aClockBomb, () => aNestingBomb(80), () => this.#random.bytes(30), () => this.#applied(client)];
    return kinds[randomInteger(this.#random, kinds.length)]!();
  }

  #applied(client: number): Uint8Array {
    const update = anUpdate(" ", client);
    return this.#random.fraction() < 0.2 ? Y.mergeUpdates([update, anUpdate(" ", client + 1)]) : update;
  }

  #mutated(frame: Uint8Array): Uint8Array {
    if (frame.length === 0 || this.#random.fraction() < 0.6) return frame;
    const bytes = Uint8Array.from(frame);
    if (this.#random.fraction() < 0.3) return bytes.slice(0, randomInteger(this.#random, bytes.length));
    bytes[randomInteger(this.#random, bytes.length)] = randomInteger(this.#random, 256);
    return bytes;
  }
}
