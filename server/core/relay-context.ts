/**
 * RelayContext: what every part of the core is given: who this relay is, its limits, the moment of the current step,
 * and where effects, deadlines and questions go.
 *
 * Invariant: `now` is the driver's, the same for a whole turn; nothing else in the core knows the time.
 */
import type { ActorId, RelayId, RoomName, SeatId } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import type { Random } from "@inkmesh/shared/base/random";
import type { Result } from "@inkmesh/shared/base/result";
import { HybridLogicalClock, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { ContentReader, EngineName } from "@inkmesh/shared/engine/crdt-engine";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import type { TrialAnswer } from "@inkmesh/shared/engine/update-trial";
import type { Dialect, DialectName } from "@inkmesh/shared/wire/dialect";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { Grant } from "./access.ts";
import { AccessDoubts } from "./access-doubts.ts";
import { Deadlines } from "./deadlines.ts";
import type { RelayEffect, Report } from "./effect.ts";
import type { DurabilityLevel } from "./gossip/durable-copies.ts";
import { Askers } from "./gossip/askers.ts";
import type { RoomCopy } from "./gossip/room-copy.ts";
import { Placement } from "./gossip/placement.ts";
import { RoomBlobs } from "./gossip/room-blobs.ts";
import { RoomHistories } from "./gossip/room-histories.ts";
import type { JoinedPeer } from "./joined-peer.ts";
import type { Limits } from "./limits.ts";
import { OwnActors } from "./own-actors.ts";
import { LoneRelay } from "./peers/lone-relay.ts";
import type { MeshOptions } from "./peers/mesh-options.ts";
import { Mesh } from "./peers/mesh.ts";
import type { MeshNews } from "./peers/mesh-effect.ts";
import type { Peers } from "./peers/peers.ts";
import { StampOffsets } from "./peers/stamp-offsets.ts";
import { RelayList } from "./relay-list.ts";
import type { EntryMaker } from "./room-content.ts";
import { Questions } from "./questions.ts";
import { StoreHealth } from "./store-health.ts";
import type { BlobGaps, HeldBlobs } from "./stored-blob.ts";
import type { CoveredHistory, HistoryGaps, TakenHistory } from "./stored-history.ts";
import type { Compaction, RoomPage, StoredRoom } from "./stored-room.ts";
import { Strikes } from "./strikes.ts";

export type Engines = Readonly<Record<EngineName, ContentReader>>;

export interface RelayOptions {
  readonly self: RelayId;
  /** This life of the relay, drawn at its start. */
  readonly actor: ActorId;
  readonly limits: Limits;
  readonly random: Random;
  readonly engines: Engines;
  readonly dialects: readonly Dialect[];
  /** The mesh secret: seals session tokens. */
  readonly tokenSecret: Uint8Array;
  /** An upper bound of all stamps of earlier lives, in ms. */
  readonly hlcFloorMs: number;
  /** How far ahead a remote stamp may be, in ms. */
  readonly offsetMaxMs: number;
  /** Undefined: this relay has no links and takes none. */
  readonly mesh?: MeshOptions | undefined;
  /** Copies that a room shall have, and how many "saved" needs. Default: 3, a majority. */
  readonly replicas?: number;
  readonly durability?: DurabilityLevel;
  /** An application is asked who may do what (`ask-access`), and answers within so many milliseconds. Undefined: everybody may do everything. */
  readonly accessAnswerMs?: number | undefined;
  /** The ring under which the disk was whole, as the log said when it was opened. */
  readonly wholeRing?: readonly RingRecord[] | undefined;
}

export class RelayContext {
  readonly self: RelayId;
  readonly actor: ActorId;
  readonly limits: Limits;
  readonly random: Random;
  readonly engines: Engines;
  readonly tokenSecret: Uint8Array;
  /** Where clients may go on when this relay is lost. */
  readonly relays: RelayList;
  readonly deadlines = new Deadlines();
  readonly store: StoreHealth;
  /** The links to other relays; undefined for a relay that has none. */
  readonly mesh: Mesh | undefined;
  /** What rooms know of the other relays. */
  readonly peers: Peers;
  readonly placement: Placement;
  readonly askers = new Askers();
  readonly ownActors: OwnActors;
  readonly offsets = new StampOffsets();
  readonly loads = new Questions<Result<StoredRoom>>();
  readonly compactions = new Questions<Result<Compaction>>();
  readonly records = new Questions<Result<undefined>>();
  readonly drops = new Questions<Result<undefined>>();
  readonly calls = new Questions<Result<Uint8Array>>();
  readonly trials = new Questions<Result<TrialAnswer>>();
  readonly lists = new Questions<Result<RoomPage>>();
  readonly coverages = new Questions<Result<CoveredHistory>>();
  readonly pieces = new Questions<Result<Uint8Array>>();
  readonly takings = new Questions<Result<TakenHistory>>();
  readonly gaps = new Questions<Result<HistoryGaps>>();
  readonly histories: RoomHistories;
  readonly blobKeeps = new Questions<Result<undefined>>();
  readonly blobReads = new Questions<Result<Uint8Array | undefined>>();
  readonly blobLists = new Questions<Result<HeldBlobs>>();
  readonly blobGaps = new Questions<Result<BlobGaps>>();
  readonly blobs: RoomBlobs;
  readonly accesses = new Questions<Result<Grant>>();
  /** Whether an application says who may do what. */
  readonly asksAccess: boolean;
  readonly accessAnswerMs: number;
  readonly accessDoubts = new AccessDoubts();
  readonly strikes = new Strikes();
  /** Clients that have said who they are, by that. */
  readonly joined = new Map<string, JoinedPeer>();
  now: Instant = { monotonicMs: 0, wallMs: 0 };
  readonly #dialects: ReadonlyMap<DialectName, Dialect>;
  readonly #hlc: HybridLogicalClock;
  #effects: RelayEffect[] = [];
  #lastAppend = 0;
  #lastHandle = 0;
  #lastSeat = 0;

  constructor(options: RelayOptions) {
    this.self = options.self;
    this.actor = options.actor;
    this.limits = options.limits;
    this.random = options.random;
    this.asksAccess = options.accessAnswerMs !== undefined;
    this.accessAnswerMs = options.accessAnswerMs ?? 0;
    this.ownActors = new OwnActors(options.actor, options.random);
    this.engines = options.engines;
    this.tokenSecret = options.tokenSecret;
    this.store = new StoreHealth({ waitingBytesMax: options.limits.appendBytesMax });
    const outlet = { effect: (effect: RelayEffect) => this.effect(effect), news: (news: MeshNews) => this.#hear(news) };
    this.mesh = options.mesh === undefined ? undefined : new Mesh(options.actor, options.mesh, outlet);
    const { mesh } = this;
    this.relays = new RelayList({ mesh: () => mesh?.view(), sessions: () => mesh?.sessions ?? 0, nowMs: () => this.now.monotonicMs });
    this.peers = this.mesh ?? new LoneRelay(options.actor);
    this.placement = new Placement({
      peers: this.peers,
      replicas: options.replicas ?? 3,
      level: options.durability ?? "majority",
      limits: options.limits.replication,
      wholeRing: options.wholeRing,
    });
    this.histories = new RoomHistories(this);
    this.blobs = new RoomBlobs(this);
    this.#dialects = new Map(options.dialects.map((dialect) => [dialect.name, dialect]));
    this.#hlc = new HybridLogicalClock({ relay: options.self, offsetMaxMs: options.offsetMaxMs, floorMs: options.hlcFloorMs });
  }

  dialect(name: DialectName): Dialect | undefined {
    return this.#dialects.get(name);
  }

  /** The engine follows from the room's name. */
  engineOf(room: RoomName): ContentReader {
    return this.engines[engineOf(room)];
  }

  effect(effect: RelayEffect): void {
    this.#effects.push(effect);
  }

  report(report: Report): void {
    this.#effects.push({ type: "report", report });
  }

  #hear(news: MeshNews): void {
    if (news.type === "member-changed" || news.type === "ring-changed") this.relays.meshChanged();
    this.report({ type: "mesh", news });
  }

  /** The effects since the last call, in order. */
  takeEffects(): readonly RelayEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Takes note of another relay's stamp. */
  observe(stamp: Hlc): void {
    this.#hlc.observe(stamp, this.now.wallMs);
  }

  /** The latest stamp that was given or taken note of. */
  get latestStamp(): Hlc {
    return this.#hlc.last();
  }

  /** A stamp for something that happens now. */
  stamp(): Hlc {
    return this.#hlc.stamp(this.now.wallMs);
  }

  /** What the next entry of a document here is given. */
  entryMaker({ lineage, content }: Pick<RoomCopy, "lineage" | "content">, author: string): EntryMaker {
    return { actor: this.ownActors.nextWriter(lineage, content.clock), author, stamp: () => this.stamp() };
  }

  nextAppend(): number {
    this.#lastAppend += 1;
    return this.#lastAppend;
  }

  /** A number for a room that was loaded: how native frames name it to all clients. */
  nextHandle(): number {
    this.#lastHandle += 1;
    return this.#lastHandle;
  }

  /** For a session: nobody had it in this life. */
  nextSeat(): SeatId {
    this.#lastSeat += 1;
    return this.#lastSeat as SeatId;
  }
}
