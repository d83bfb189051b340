/**
 * SimNetwork: WebSockets between clients and relays, and between relays, as TCP carries them: in order, each frame once, until the
 * line breaks. Who opened a line is its client, also where that is a relay. What is lost is then a suffix of what was sent; a torn frame is a lost one. Duplication and reordering happen
 * between lines: frames of an old one still arrive after its client has opened the next and sent everything anew.
 *
 *     client ──▶ pipe ──▶ relay        a pipe has latency, jitter, bandwidth; may stall for a while or for ever
 *            ◀── pipe ◀──
 *
 * How a line ends: closed by one side (the other hears it in order), reset (both hear it, soon, each in its own time),
 * or silently (nobody hears anything: a pulled cable, a machine without power, a NAT that forgot).
 *
 * Between two machines one direction may be blocked (`Blockade`): what is sent that way waits, as TCP sends it again until it
 * comes through, and no new line comes up.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { Blockade } from "./blockade.ts";
import { digest } from "./trace.ts";
import type { SimProcess, World } from "./world.ts";

/** What one end of a line is told. */
export interface LineEnd {
  frame(bytes: Uint8Array): void;
  /** Once, last. 1006: the line broke. */
  closed(code: number, reason: string): void;
}

/** Who takes lines: a relay, when it is up. */
export interface Door {
  /** Undefined: nobody listens at this port now. */
  readonly process: SimProcess | undefined;
  /** Answers the relay's end of a line that arrived. */
  accept(line: SimLine, path: string): LineEnd;
}

/** How lines are at present. */
export interface Weather {
  latencyMs: number;
  jitterMs: number;
  bytesPerMs: number;
}

/** Sees every frame when the relay sends it and when one reaches the relay. */
export interface Tap {
  fromRelay(line: SimLine, bytes: Uint8Array): void;
  toRelay(line: SimLine, bytes: Uint8Array): void;
}

/** After which a system says that a connection cannot be had. */
const connectTimeoutMs = 21_000;
/** How long a system sends again what nobody says to have got: later than clients that mind silence find out; a real one takes a quarter of an hour. */
const givesUpSendingMs = 60_000;

export class SimNetwork {
  readonly world: World;
  readonly #random: Random;
  readonly weather: Weather = { latencyMs: 2, jitterMs: 3, bytesPerMs: 10_000 };
  /** By the name of the machine. */
  readonly doors = new Map<string, Door>();
  readonly blockade = new Blockade(this);
  tap: Tap = { fromRelay: () => undefined, toRelay: () => undefined };
  /** While set, no new line comes up: packets vanish. */
  isDown = false;
  readonly lines = new Set<SimLine>();
  #count = 0;

  constructor(world: World) {
    this.world = world;
    this.#random = world.random("network");
  }

  /** `opened` is called in `client` when the relay has taken the line. `from`: the machine that it comes from, where that matters. */
  connect(client: SimProcess, to: Destination, end: LineEnd & { opened(): void }): SimLine {
    const { host, path, from } = to;
    const line = new SimLine({ network: this, client, host, path, from, end, number: (this.#count += 1) });
    this.lines.add(line);
    if (!this.isDown) this.world.schedule(this.delay(), undefined, `line ${line.number} arrives ${path}`, () => this.#arrive(line, end));
    this.world.schedule(connectTimeoutMs, undefined, `line ${line.number} gave up`, () => line.isAccepted || line.refuse());
    return line;
  }

  delay(): number {
    const { latencyMs, jitterMs } = this.weather;
    return latencyMs + this.#random.fraction() * jitterMs;
  }

  draw(below: number): number {
    return randomInteger(this.#random, below);
  }

  #arrive(line: SimLine, end: { opened(): void }): void {
    const door = this.doors.get(line.host);
    const process = door?.process;
    if (line.isOver || this.blockade.isBetween(line)) return;
    if (door === undefined || process === undefined) return line.refuse();
    line.accepted(process, door);
    line.client.reach(this.delay(), `line ${line.number} open`, () => line.isClientGone || end.opened());
  }
}

/** Where a line leads to, and which machine it comes from. */
export interface Destination {
  readonly host: string;
  readonly path: string;
  readonly from?: string | undefined;
}

type SimLineOptions = Destination & {
  readonly network: SimNetwork;
  readonly client: SimProcess;
  readonly end: LineEnd;
  readonly number: number;
};

export class SimLine {
  readonly number: number;
  readonly host: string;
  readonly path: string;
  /** The machine of a relay that opened it; undefined for clients. */
  readonly from: string | undefined;
  readonly client: SimProcess;
  readonly #network: SimNetwork;
  readonly #clientEnd: LineEnd;
  #relay: { readonly process: SimProcess; readonly end: LineEnd } | undefined;
  #toRelay: Pipe | undefined;
  #toClient: Pipe | undefined;
  isClientGone = false;
  #isRelayGone = false;
  /** Silently dead: what is sent vanishes. */
  #isDead = false;
  #isSentInVain = false;
  /** Something came to the client. */
  #hasHeard = false;

  constructor(options: SimLineOptions) {
    this.#network = options.network;
    this.client = options.client;
    this.host = options.host;
    this.path = options.path;
    this.from = options.from;
    this.#clientEnd = options.end;
    this.number = options.number;
  }

  get isOver(): boolean {
    return this.isClientGone || this.#isDead;
  }

  get isAccepted(): boolean {
    return this.#relay !== undefined;
  }

  /** Bytes to the client, to the relay that wait behind the frame under way. */
  get backlogBytes(): number {
    return this.#toClient?.waitingBytes ?? 0;
  }

  get backlogToRelayBytes(): number {
    return this.#toRelay?.waitingBytes ?? 0;
  }

  // The client's side.

  send(bytes: Uint8Array): void {
    if (!this.isOver) return this.#toRelay?.send(Uint8Array.from(bytes));
    // Its system sends it again and again, and in the end says that nobody takes it. What falls silent later clients have to notice themselves.
    if (this.isClientGone || this.#hasHeard || this.#isSentInVain || this.from !== undefined) return;
    this.#isSentInVain = true;
    this.#clientHearsLater(1006, givesUpSendingMs);
  }

  /** The client closes: what it sent before still arrives. */
  close(code = 1000): void {
    if (this.isClientGone) return;
    this.isClientGone = true;
    this.#toClient?.drop(0);
    if (!this.#isDead) this.#toRelay?.end(() => this.#relayHears(code, ""));
    if (this.#relay === undefined) this.#over();
  }

  // The relay's side.

  sendToClient(frames: readonly Uint8Array[]): void {
    if (this.#isRelayGone) return;
    for (const frame of frames) {
      this.#network.tap.fromRelay(this, frame);
      if (!this.isOver) this.#toClient?.send(Uint8Array.from(frame));
    }
  }

  closeByRelay(code: number, reason: string): void {
    if (this.#isRelayGone || this.#isDead) return this.relayGivesUp();
    this.#toClient?.end(() => {
      this.#clientHears(code, reason);
      this.#relay?.process.reach(this.#network.delay(), `line ${this.number} closed`, () => this.#relayHears(code, ""));
    });
  }

  pauseReading(paused: boolean): void {
    this.#toRelay?.stall("reader", paused);
  }

  /** The relay ends a line on which nobody answers. */
  relayGivesUp(): void {
    this.#relayHears(1006, "");
    if (!this.#isDead) this.#clientHearsLater(1006);
  }

  // What befalls it.

  accepted(process: SimProcess, door: Door): void {
    const world = this.#network.world;
    const to = (receiver: SimProcess, label: string, deliver: (bytes: Uint8Array) => void): Pipe =>
      new Pipe({ network: this.#network, world, receiver, label: `line ${this.number} ${label}`, deliver });
    this.#toRelay = to(process, "▶", (bytes) => {
      this.#network.tap.toRelay(this, bytes);
      this.#relay?.end.frame(bytes);
    });
    this.#toClient = to(this.client, "◀", (bytes) => {
      this.#hasHeard = true;
      if (!this.isClientGone) this.#clientEnd.frame(bytes);
    });
    this.#relay = { process, end: door.accept(this, this.path) };
  }

  refuse(): void {
    this.#clientHearsLater(1006);
  }

  /** Both sides hear of it, each in its own time; of what is under way, a part at the front still arrives. */
  reset(): void {
    if (this.isOver) return;
    this.#toRelay?.drop(this.#network.draw(this.#toRelay.length + 1));
    this.#toClient?.drop(this.#network.draw(this.#toClient.length + 1));
    this.#toRelay?.end(() => this.#relayHears(1006, ""));
    if (this.#toClient) this.#toClient.end(() => this.#clientHears(1006, ""));
    else this.#clientHearsLater(1006);
  }

  /** Nobody hears of it. `relayDetectsMs`: when the relay's own pings find out. */
  die(relayDetectsMs: number): void {
    if (this.isOver) return;
    this.#isDead = true;
    this.#toRelay?.drop(0);
    this.#toClient?.drop(0);
    this.#relay?.process.reach(relayDetectsMs, `line ${this.number} unanswered`, () => this.#relayHears(1006, ""));
    // A relay that dialled finds out as the other does.
    if (this.from !== undefined) this.#clientHearsLater(1006, relayDetectsMs);
  }

  /** One direction stands still until it is let go. */
  hold(direction: "to-relay" | "to-client", reason: string, held: boolean): void {
    (direction === "to-relay" ? this.#toRelay : this.#toClient)?.stall(reason, held);
  }

  /** One direction stands still for a while. */
  stall(direction: "to-relay" | "to-client", ms: number): void {
    const pipe = direction === "to-relay" ? this.#toRelay : this.#toClient;
    pipe?.stall("network", true);
    this.#network.world.schedule(ms, undefined, `line ${this.number} flows again`, () => pipe?.stall("network", false));
  }

  /** The relay's machine went down: with its process its end is gone. `heard`: whether its system still says so to clients. */
  relayDied(heard: boolean): void {
    this.#isRelayGone = true;
    this.#toRelay?.drop(0);
    if (!heard) {
      this.#isDead = true;
      this.#toClient?.drop(0);
      if (this.from !== undefined) this.#clientHearsLater(1006, 20_000 + this.#network.draw(20_000));
      return;
    }
    this.#toClient?.drop(this.#network.draw(this.#toClient.length + 1));
    this.#toClient?.end(() => this.#clientHears(1006, ""));
  }

  /** The client's process is gone; its system closes the line, or its machine is gone too. */
  clientDied(heard: boolean, relayDetectsMs: number): void {
    if (this.isClientGone) return;
    if (heard) return this.close(1006);
    this.die(relayDetectsMs);
    this.isClientGone = true;
  }

  #clientHearsLater(code: number, afterMs = this.#network.delay()): void {
    this.client.reach(afterMs, `line ${this.number} broken`, () => this.#clientHears(code, ""));
  }

  #clientHears(code: number, reason: string): void {
    if (this.isClientGone) return;
    this.isClientGone = true;
    this.#clientEnd.closed(code, reason);
    if (this.#isRelayGone) this.#over();
  }

  #relayHears(code: number, reason: string): void {
    if (this.#isRelayGone) return;
    this.#isRelayGone = true;
    this.#relay?.end.closed(code, reason);
    if (this.isClientGone) this.#over();
  }

  #over(): void {
    this.#network.lines.delete(this);
  }
}

interface PipeOptions {
  readonly network: SimNetwork;
  readonly world: World;
  readonly receiver: SimProcess;
  readonly label: string;
  readonly deliver: (bytes: Uint8Array) => void;
}

/** One direction of a line. */
class Pipe {
  readonly #options: PipeOptions;
  /** Sent and not arrived, in order; the last may be the end of the line. */
  #underWay: { readonly bytes: Uint8Array | undefined; readonly run: () => void; dropped: boolean }[] = [];
  #arrived = 0;
  #lastMs = 0;
  readonly #stalls = new Set<string>();
  #hasEnded = false;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#underWay.length;
  }

  get waitingBytes(): number {
    return this.#underWay.slice(1).reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  }

  send(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    const { deliver } = this.#options;
    this.#put(bytes, () => deliver(bytes));
  }

  /** Nothing is sent after this; `run` happens in the receiver when all before it has arrived. */
  end(run: () => void): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#put(undefined, run);
  }

  /** Of what is under way only the first `kept` still arrive. */
  drop(kept: number): void {
    for (const lost of this.#underWay.splice(kept)) lost.dropped = true;
    this.#arrived = Math.min(this.#arrived, kept);
    this.#hasEnded = false;
  }

  stall(reason: string, stalled: boolean): void {
    if (stalled) this.#stalls.add(reason);
    else this.#stalls.delete(reason);
    if (this.#stalls.size > 0) return;
    const { receiver, label } = this.#options;
    for (let count = this.#arrived; count > 0; count--) receiver.reach(0, `${label} late`, () => this.#take());
    this.#arrived = 0;
  }

  #put(bytes: Uint8Array | undefined, run: () => void): void {
    const { network, world, receiver, label } = this.#options;
    const carriedMs = Math.max(world.nowMs + network.delay(), this.#lastMs) + (bytes?.length ?? 0) / network.weather.bytesPerMs;
    this.#lastMs = carriedMs;
    const item = { bytes, run, dropped: false };
    this.#underWay.push(item);
    const what = bytes === undefined ? `${label} end` : `${label} ${digest(bytes)}`;
    receiver.reach(carriedMs - world.nowMs, what, () => {
      if (item.dropped) return;
      if (this.#stalls.size > 0) this.#arrived += 1;
      else this.#take();
    });
  }

  #take(): void {
    this.#underWay.shift()?.run();
  }
}
