/**
 * CoreWorld: a `Relay` with everything around it in miniature: a disk, workers, sockets, a clock, all under the test's
 * hand. `turn` is a driver's turn; `run` goes on until nothing is under way.
 */
import {
  actorOf,
  lineageKey,
  type ConnectionId,
  type Lineage,
  type RelayId,
  type RequestId,
  type RoomName,
} from "@inkmesh/shared/base/ids";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import type { AutomergeTrials } from "@inkmesh/shared/engine/automerge-trials";
import type { TrialAnswer } from "@inkmesh/shared/engine/update-trial";
import { seededRandom } from "@inkmesh/shared/base/random";
import type { DialectName } from "@inkmesh/shared/wire/dialect";
import { automergeRepoDialect } from "@inkmesh/shared/wire/automerge-repo-dialect";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { limitsWith } from "../../../server/config.ts";
import type { Grant } from "../../../server/core/access.ts";
import type { RelayEffect, Report, RoomAnswer } from "../../../server/core/effect.ts";
import type { RelayInput, RoomRequest } from "../../../server/core/input.ts";
import { Relay } from "../../../server/core/relay.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { engineOfRoom, readers, someTrials } from "../../engines.ts";

type LimitChanges = Parameters<typeof limitsWith>[0];
type AppendEffect = Extract<RelayEffect, { type: "append-log" }>;

export type TryEffect = Extract<RelayEffect, { type: "try-updates" }>;

export function triedBy(trials: AutomergeTrials): (effect: TryEffect) => Result<TrialAnswer> {
  return ({ lineage, trial }) => ok(trials.try(lineageKey(lineage), trial));
}

/** Where a connection's frames go. */
export interface Socket {
  received(frame: Uint8Array): void;
  closed(code: number, reason: string): void;
}

export const tokenSecret = new Uint8Array(32).fill(7);

export class CoreWorld {
  readonly disk: MemoryDisk;
  relay: Relay;
  now = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 };
  readonly reports: Report[] = [];
  readonly answers = new Map<RequestId, RoomAnswer>();
  readonly paused = new Set<ConnectionId>();
  /** Everything that was ever said to be done. */
  readonly effects: RelayEffect[] = [];
  /** Everything that the relay was ever told. */
  readonly inputs: RelayInput[] = [];
  /** Appends that are under way: `landAppends` and `failAppends` end them. */
  appends: AppendEffect[] = [];
  /** While set, appends stay under way until the test ends them. */
  holdsAppends = false;
  /** Whether writing a record is answered with a failure, and whether it happened all the same. */
  records: "stored" | "not-stored" | "stored-and-called-failed" = "stored";
  /** While set, rooms cannot be loaded. */
  loadsFail = false;
  /** While set, loads, records, compactions and engine calls are not answered. */
  holdsAnswers = false;
  /** Questions who may have what, in a world whose relay asks: `grant` and `deny` answer the oldest. */
  readonly asked: Extract<RelayEffect, { type: "ask-access" }>[] = [];
  /** The worker on which updates are tried. */
  tries: (effect: TryEffect) => Result<TrialAnswer> = triedBy(someTrials());
  /** When a trial is answered. */
  holdsTrials: (answer: () => void) => void = (answer) => answer();
  readonly #asksAccess: boolean;
  readonly #limits: LimitChanges;
  readonly #seed: number;
  #waiting: RelayInput[] = [];
  #held: RelayInput[] = [];
  #sockets = new Map<ConnectionId, Socket>();
  #lastConnection = 0;
  #lastRequest = 0;
  #lives = 0;

  constructor(options: { limits?: LimitChanges; disk?: MemoryDisk; seed?: number; asksAccess?: boolean } = {}) {
    this.#asksAccess = options.asksAccess ?? false;
    this.#limits = options.limits;
    this.#seed = options.seed ?? 1;
    this.disk = options.disk ?? new MemoryDisk();
    this.relay = this.#newRelay();
  }

  /** A process that dies: what was not on disk is gone, sockets break, a new life begins. */
  crash(): void {
    const sockets = [...this.#sockets.values()];
    this.#sockets = new Map();
    this.appends = [];
    this.#waiting = [];
    this.#held = [];
    this.paused.clear();
    this.tries = triedBy(someTrials());
    this.relay = this.#newRelay();
    for (const socket of sockets) socket.closed(1006, "");
  }

  connect(dialect: DialectName, socket: Socket, options: { room?: string; principal?: string } = {}): ConnectionId {
    this.#lastConnection += 1;
    const connection = this.#lastConnection as ConnectionId;
    this.#sockets.set(connection, socket);
    this.tell({ type: "connection-opened", connection, dialect, room: options.room, principal: options.principal ?? "" });
    return connection;
  }

  disconnect(connection: ConnectionId): void {
    if (this.#sockets.delete(connection)) this.tell({ type: "connection-closed", connection });
  }

  send(connection: ConnectionId, bytes: Uint8Array): void {
    if (this.#sockets.has(connection)) this.tell({ type: "frame-received", connection, bytes });
  }

  ask(ask: RoomRequest): RequestId {
    this.#lastRequest += 1;
    const request = this.#lastRequest as RequestId;
    this.tell({ type: "request-received", request, ask });
    return request;
  }

  /** Puts an input into the next turn. */
  tell(input: RelayInput): void {
    this.#waiting.push(input);
  }

  /** One turn of the driver's loop: all inputs, `turn-ended`, then the effects. */
  turn(): void {
    const inputs = this.#waiting;
    this.#waiting = [];
    const effects: RelayEffect[] = [];
    for (const input of [...inputs, { type: "turn-ended" } as const]) {
      this.inputs.push(input);
      effects.push(...this.relay.step(input, this.now));
    }
    this.effects.push(...effects);
    for (const effect of effects) this.#perform(effect);
    if (!this.holdsAppends) this.landAppends();
  }

  /** Turns until nothing is under way. */
  run(): void {
    if (!this.holdsAnswers) this.#waiting.push(...this.#held.splice(0));
    if (!this.holdsAppends) this.landAppends();
    for (let turns = 0; turns === 0 || this.#waiting.length > 0; turns++) {
      if (turns > 10_000) throw new Error("the world does not come to rest");
      this.turn();
    }
  }

  /** Lets time pass, with every deadline on the way. */
  pass(ms: number): void {
    const untilMs = this.now.monotonicMs + ms;
    for (let dueMs = this.relay.nextDeadline(); dueMs !== undefined && dueMs <= untilMs; dueMs = this.relay.nextDeadline()) {
      this.#moveTo(Math.max(dueMs, this.now.monotonicMs));
      this.tell({ type: "deadline-reached" });
      this.run();
    }
    this.#moveTo(untilMs);
    this.run();
  }

  /** The appends under way reach the disk, the first `count` of them. */
  landAppends(count = this.appends.length): void {
    for (const { lineage, seq, entries, ...marks } of this.appends.splice(0, count)) {
      this.disk.append(lineage, entries, marks);
      this.tell({ type: "log-appended", lineage, seq });
    }
  }

  failAppends(code: ErrorCode = "STORE_FULL"): void {
    for (const { lineage, seq } of this.appends.splice(0))
      this.tell({ type: "log-append-failed", lineage, seq, refusal: { code, detail: "" } });
  }

  /** The application answers its oldest question. */
  grant(grant: Partial<Grant> = {}): void {
    this.tell({ type: "access-answered", seq: this.asked.shift()!.seq, result: ok({ user: "", access: "read-write", ...grant }) });
    this.run();
  }

  deny(code: ErrorCode = "NOT_ALLOWED", detail = ""): void {
    this.tell({ type: "access-answered", seq: this.asked.shift()!.seq, result: refused(code, detail) });
    this.run();
  }

  /** The codes that were refused so far. */
  refusals(): readonly ErrorCode[] {
    return this.reports.flatMap((report) => (report.type === "refused" ? [report.refusal.code] : []));
  }

  count(type: Report["type"]): number {
    return this.reports.filter((report) => report.type === type).length;
  }

  #moveTo(monotonicMs: number): void {
    const wallMs = this.now.wallMs + monotonicMs - this.now.monotonicMs;
    this.now = { monotonicMs, wallMs };
  }

  #newRelay(): Relay {
    this.#lives += 1;
    const life = Uint8Array.of(0, 0, 0, 0, 0, this.#lives >> 8, this.#seed & 0xff, this.#lives & 0xff);
    return new Relay({
      self: "a" as RelayId,
      actor: actorOf("a" as RelayId, life),
      limits: limitsWith(this.#limits),
      random: seededRandom(this.#seed + this.#lives),
      engines: readers,
      dialects: [nativeDialect, yWebsocketDialect, hocuspocusDialect, automergeRepoDialect(`relay-${this.#lives}`)],
      tokenSecret,
      hlcFloorMs: 0,
      offsetMaxMs: 500,
      accessAnswerMs: this.#asksAccess ? 6_000 : undefined,
    });
  }

  #perform(effect: RelayEffect): void {
    switch (effect.type) {
      case "send":
        for (const to of effect.to) for (const frame of effect.frames) this.#sockets.get(to)?.received(frame);
        return;
      case "close":
        this.#sockets.get(effect.connection)?.closed(effect.code, effect.reason);
        return this.disconnect(effect.connection);
      case "pause-reading":
        return void (effect.paused ? this.paused.add(effect.connection) : this.paused.delete(effect.connection));
      case "append-log":
        return void this.appends.push(effect);
      case "load-room":
        return this.#answer({
          type: "room-loaded",
          room: effect.room,
          seq: effect.seq,
          result: this.loadsFail ? refused("STORE_FAILED") : this.disk.load(effect.room),
        });
      case "compact-room":
        return this.#answer({
          type: "room-compacted",
          lineage: effect.lineage,
          seq: effect.seq,
          result: this.disk.compact(effect.lineage, effect.upTo, effect.unnaming),
        });
      case "store-record":
        return this.#storeRecord(effect);
      case "list-rooms":
        return this.#answer({
          type: "rooms-listed",
          seq: effect.seq,
          result: { ok: true, value: this.disk.list(effect) },
        });
      case "engine-call":
        return this.#answer({
          type: "engine-result",
          lineage: effect.lineage,
          seq: effect.seq,
          result: engineOfRoom(effect.lineage.room).perform(effect.call),
        });
      case "try-updates":
        return this.holdsTrials(() =>
          this.#answer({ type: "updates-tried", lineage: effect.lineage, seq: effect.seq, result: this.tries(effect) }),
        );
      case "ask-access":
        return void this.asked.push(effect);
      case "respond":
        return void this.answers.set(effect.request, effect.answer);
      case "report":
        return void this.reports.push(effect.report);
      default:
    }
  }

  #storeRecord({ record, seq, completes }: RelayEffect & { type: "store-record" }): void {
    if (this.records !== "not-stored") this.disk.putRecord(record, completes);
    const result = this.records === "stored" ? ok(undefined) : refused("STORE_FAILED");
    this.#answer({ type: "record-stored", room: record.room, seq, result });
  }

  #answer(input: RelayInput): void {
    (this.holdsAnswers ? this.#held : this.#waiting).push(input);
  }
}

export function aLineage(room: string, generation = 0): Lineage {
  return { room: room as RoomName, generation };
}
