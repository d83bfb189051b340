/**
 * SimRelay: one machine that runs a relay: its data folder, its clock, and the lives of the process on it. The relay is the
 * production core in the production driver, with the production group commit; sockets, disk and engine workers are
 * simulated. Nothing in it knows.
 *
 *     down ──start──▶ up ──kill, loss of power──▶ down        paused: a process that is stopped, or a loop that stalls
 *                     └───stop─▶ stopping ─▶ down
 */
import { actorOf, type ActorId, type ConnectionId, type RelayId, type RequestId } from "@inkmesh/shared/base/ids";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import { decodeRoomPath } from "@inkmesh/shared/wire/room-name";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import type { Report, RoomAnswer } from "../../server/core/effect.ts";
import type { RelayInput, RoomRequest } from "../../server/core/input.ts";
import type { RingRecords } from "../../server/core/membership/ring-records.ts";
import type { Limits } from "../../server/core/limits.ts";
import { meshLimitsWith } from "../../server/mesh-limits.ts";
import type { MeshOptions } from "../../server/core/peers/mesh-options.ts";
import { Relay, type Census } from "../../server/core/relay.ts";
import { Driver, type OutgoingTurn } from "../../server/runtime/driver.ts";
import { systemClock } from "../../server/runtime/system-clock.ts";
import type { SimClock } from "./sim-clock.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { SimFolder } from "./sim-folder.ts";
import { SimLinks } from "./sim-links.ts";
import type { Door, LineEnd, SimLine, SimNetwork } from "./sim-network.ts";
import { SimUpdateLog } from "./sim-update-log.ts";
import { SimProcess, type World } from "./world.ts";
import { readers } from "../engines.ts";
import { SimEngines, type EngineMood } from "./sim-engines.ts";

const [meshPath, hocuspocusPath] = ["/mesh", "/hocuspocus"];
const commitPauseMs = 5;
const secret = new Uint8Array(32).fill(7);
/** Shorter than in a life of years. */
const meshBoundsOfShortHistories = { dialAfterMsMax: 4_000, pushPullIntervalMs: 10_000 };
const place = { weight: 1, zone: "" };
const release = "0.1.0";
/** How long a process that goes on may not have noticed what it missed. */
const lateMs = 2_000;

interface Life {
  readonly process: SimProcess;
  readonly actor: ActorId;
  readonly lines: Map<ConnectionId, SimLine>;
  readonly answers: Map<RequestId, (answer: RoomAnswer) => void>;
  readonly engines: SimEngines;
  readonly links: SimLinks;
  relay: Relay | undefined;
  /** The ring as it knows it. */
  ring: RingRecords | undefined;
  driver: Driver | undefined;
  lastConnection: number;
  lastRequest: number;
  isStopping: boolean;
}

export interface SimRelayOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly self: RelayId;
  /** The name of the machine. */
  readonly host: string;
  readonly folder: SimFolder;
  readonly limits: Limits;
  readonly newClock: () => SimClock;
  /** Where other relays are, as whoever starts it says; undefined: it is alone, and has no links. */
  readonly join: (() => readonly string[]) | undefined;
}

export class SimRelay implements Door {
  readonly self: RelayId;
  readonly host: string;
  readonly engineMood: EngineMood = { callMs: 3, dies: 0 };
  readonly #world: World;
  readonly #network: SimNetwork;
  readonly #limits: Limits;
  readonly #newClock: () => SimClock;
  readonly #join: (() => readonly string[]) | undefined;
  #folder: SimFolder;
  #life: Life | undefined;
  #lives = 0;
  #startsAgain = false;
  #resumedMs = Number.NEGATIVE_INFINITY;
  /** Nobody starts it any more. */
  isGone = false;
  /** The newest version that it speaks with other relays, from its next start on. */
  version = meshVersion;
  /** It is started with `--join` once, though its folder knows a mesh. */
  joinsAnew = false;
  onReport: (report: Report) => void = () => undefined;
  onLife: (actor: ActorId) => void = () => undefined;

  constructor(options: SimRelayOptions) {
    this.self = options.self;
    this.host = options.host;
    this.#world = options.world;
    this.#network = options.network;
    this.#folder = options.folder;
    this.#limits = options.limits;
    this.#newClock = options.newClock;
    this.#join = options.join;
  }

  get folder(): SimFolder {
    return this.#folder;
  }

  get #disk(): SimDisk {
    return this.#folder.disk;
  }

  get process(): SimProcess | undefined {
    return this.#life?.driver === undefined || this.#life.isStopping ? undefined : this.#life.process;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** What its clock on the wall shows; undefined while nothing runs there. */
  get wallMs(): number | undefined {
    return this.#life?.process.wallMs();
  }

  /** The ring as it knows it; undefined while it is down or starting, and of one that is alone. */
  get ring(): RingRecords | undefined {
    return this.#life?.ring;
  }

  /** Whether it knows itself and `others` more as members of one ring. */
  belongsWith(others: number): boolean {
    return this.ring?.newest.members.length === others + 1;
  }

  /** Undefined while it is down or starting. */
  census(): Census | undefined {
    return this.#life?.relay?.census();
  }

  // -- lives -----------------------------------------------------------------------------------------------------------

  start(): void {
    if (this.#life?.isStopping) this.#startsAgain = true;
    if (this.#life !== undefined || this.isGone) return;
    this.#lives += 1;
    const process = new SimProcess({ name: `${this.host}/${this.#lives}`, world: this.#world, clock: this.#newClock() });
    const life: Life = {
      process,
      actor: actorOf(this.self, process.random.bytes(8)),
      lines: new Map(),
      answers: new Map(),
      engines: new SimEngines({
        ...{ mood: this.engineMood, disk: () => this.#disk },
        reach: (ms, what, then) => void process.reach(ms, what, then),
      }),
      links: new SimLinks({
        ...{ network: this.#network, process, host: this.host, folder: this.#folder },
        enqueue: (input) => life.driver?.enqueue(input),
      }),
      relay: undefined,
      ring: undefined,
      driver: undefined,
      lastConnection: 0,
      lastRequest: 0,
      isStopping: false,
    };
    this.#life = life;
    this.onLife(life.actor);
    process.reach(this.#disk.duration(20), "relay starts", () => void this.#serve(life));
  }

  /** kill -9: the machine goes on, and says so to the clients. */
  kill(): void {
    this.#end(true);
    // What the system has taken is written in the end.
    void this.#disk.sync();
  }

  /** The machine goes down with everything that is not on the platter. */
  losePower(): void {
    this.#end(false);
    void this.#disk.losePower();
  }

  /** As SIGTERM does: it flushes, tells the clients, and ends. */
  stop(): void {
    const life = this.#life;
    if (life?.driver === undefined || life.isStopping) return;
    life.isStopping = true;
    const ask = (): void => life.driver?.enqueue({ type: "stop-requested" });
    // One that is alone is asked by nobody's event, which its timers do not hear, and is ended after ten seconds: the seeds
    // that are known to find planted bugs there were found so, and are to be hunted anew with the change.
    if (this.#join === undefined) ask();
    else life.process.reach(0, "is asked to stop", ask);
    life.process.reach(10_000, "stop takes too long", () => this.#leave(life));
  }

  /** Its data folder is another one from now on: the old one is gone. To be called while it is down. */
  replaceFolder(folder: SimFolder): void {
    this.#folder = folder;
  }

  /** What an operator says. */
  order(order: Extract<RelayInput, { type: "drain" | "forget-relay" }>): void {
    const life = this.#life;
    life?.process.reach(this.#network.delay(), `order ${order.type}`, () => life.driver?.enqueue(order));
  }

  /** It stands still for a while: SIGSTOP, or a loop that stalls. */
  pause(ms: number): void {
    const process = this.#life?.process;
    process?.pause();
    this.#world.schedule(ms, undefined, "relay resumes", () => {
      if (process === this.#life?.process) this.resume();
      else process?.resume();
    });
  }

  resume(): void {
    this.#resumedMs = this.#world.nowMs;
    this.#life?.process.resume();
  }

  /** Whether what it says may be as old as when it was stopped: it has just gone on. */
  get isLate(): boolean {
    return this.#world.nowMs < this.#resumedMs + lateMs;
  }

  stepClock(byMs: number): void {
    this.#life?.process.clock.stepWall(byMs);
  }

  async #serve(life: Life): Promise<void> {
    const log = new SimUpdateLog({ process: life.process, disk: this.#disk });
    const { hlcFloorMs, wholeRing } = await log.open();
    life.relay = new Relay({
      self: this.self,
      actor: life.actor,
      limits: this.#limits,
      random: life.process.random,
      engines: readers,
      dialects: [nativeDialect, yWebsocketDialect, hocuspocusDialect],
      tokenSecret: secret,
      hlcFloorMs,
      offsetMaxMs: 500,
      wholeRing,
      mesh: this.#meshOptions(life),
    });
    life.ring = life.relay.meshView()?.ring;
    life.driver = new Driver({
      relay: life.relay,
      log,
      clock: systemClock,
      commitPauseMs,
      engines: life.engines,
      trials: life.engines,
      links: life.links,
      sockets: {
        write: (turn) => this.#write(life, turn),
        close: (connection, code, reason) => life.lines.get(connection)?.closeByRelay(code, reason),
        pauseReading: (connection, paused) => life.lines.get(connection)?.pauseReading(paused),
      },
      answer: (request, answer) => {
        life.answers.get(request)?.(answer);
        life.answers.delete(request);
      },
      report: (report) => {
        if (report.type === "mesh" && report.news.type === "ring-changed") life.ring = report.news.ring;
        this.onReport(report);
        if (report.type === "stopped") life.process.reach(20, "relay leaves", () => this.#leave(life));
      },
      committed: () => undefined,
    });
    if (this.#join !== undefined) life.driver.enqueue({ type: "deadline-reached" });
  }

  #meshOptions({ process }: Life): MeshOptions | undefined {
    if (this.#join === undefined) return undefined;
    const joins = this.#folder.mesh === undefined || this.joinsAnew;
    this.joinsAnew = false;
    return {
      address: `ws://${this.host}/mesh`,
      join: joins ? this.#join() : [],
      kept: this.#folder.mesh,
      ...{
        place,
        software: { release, version: this.version },
        secret,
        limits: meshLimitsWith(meshBoundsOfShortHistories),
        random: process.random,
      },
      nowMs: process.monotonicMs(),
    };
  }

  #leave(life: Life): void {
    if (this.#life === life) this.#end(true);
    if (!this.#startsAgain) return;
    this.#startsAgain = false;
    this.start();
  }

  #end(heard: boolean): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.driver?.halt();
    life.process.end();
    for (const line of life.lines.values()) line.relayDied(heard);
    life.links.died(heard);
  }

  // -- sockets ---------------------------------------------------------------------------------------------------------

  accept(line: SimLine, path: string): LineEnd {
    const life = this.#life!;
    if (path === meshPath) return this.#acceptPeer(life, line);
    const connection = (life.lastConnection += 1) as ConnectionId;
    life.lines.set(connection, line);
    const room = path.startsWith("/y/") ? decodeRoomPath(path.slice("/y/".length)) : undefined;
    life.process.reach(0, `connection ${connection} opened`, () =>
      life.driver?.enqueue({
        type: "connection-opened",
        connection,
        dialect: path === hocuspocusPath ? "hocuspocus" : room === undefined ? "native" : "y-websocket",
        room: room === undefined ? undefined : room.ok ? room.value : "",
        principal: "",
      }),
    );
    return {
      frame: (bytes) => life.driver?.enqueue({ type: "frame-received", connection, bytes }),
      closed: () => {
        life.lines.delete(connection);
        life.driver?.enqueue({ type: "connection-closed", connection });
      },
    };
  }

  /** The line of another relay: its end is gone with the process, as those of clients are. */
  #acceptPeer(life: Life, line: SimLine): LineEnd {
    const end = { link: undefined as LineEnd | undefined };
    const number = (life.lastConnection += 1) as ConnectionId;
    life.lines.set(number, line);
    life.process.reach(0, `line ${line.number} from ${line.from}`, () => void (end.link = life.links.accept(line)));
    return {
      frame: (bytes) => end.link?.frame(bytes),
      closed: (code, reason) => {
        life.lines.delete(number);
        end.link?.closed(code, reason);
      },
    };
  }

  #write(life: Life, turn: OutgoingTurn): void {
    for (const [connection, lists] of turn) {
      const line = life.lines.get(connection);
      if (line === undefined) continue;
      for (const frames of lists) line.sendToClient(frames);
      this.#tellBacklog(life, connection, line);
    }
  }

  #tellBacklog(life: Life, connection: ConnectionId, line: SimLine): void {
    const bytes = line.backlogBytes;
    if (bytes > this.#limits.backlogSheddingBytes) life.driver?.enqueue({ type: "backlog-changed", connection, bytes });
  }

  // -- requests and engines --------------------------------------------------------------------------------------------

  /** As the HTTP face asks. Undefined when the relay is not there, or dies over it: then nobody knows. */
  request(ask: RoomRequest, answered: (answer: RoomAnswer | undefined) => void): void {
    const life = this.#life;
    if (life?.driver === undefined) return answered(undefined);
    const request = (life.lastRequest += 1) as RequestId;
    life.answers.set(request, answered);
    life.process.reach(this.#network.delay(), `request ${ask.type}`, () =>
      life.driver?.enqueue({ type: "request-received", request, ask }),
    );
  }
}
