/**
 * The composition root: which parts make a relay, and in which order they start and stop. No logic.
 *
 *     folder locked ─▶ port taken (/health answers, /ready says 503) ─▶ log opened ─▶ core and driver ─▶ serving
 *     stop: sockets told 1012 ─▶ appends on disk ─▶ sockets gone ─▶ workers, log, port, folder let go
 */
import type { Server } from "node:http";
import { assert } from "@inkmesh/shared/base/assert";
import { errorKinds } from "@inkmesh/shared/base/errors";
import { actorOf, type ActorId, type LinkId, type RelayId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import { AutomergeReader } from "@inkmesh/shared/engine/automerge-reader";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { automergeRepoDialect } from "@inkmesh/shared/wire/automerge-repo-dialect";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { appFolder } from "./app-folder.ts";
import type { RelaySettings } from "./config.ts";
import type { Report } from "./core/effect.ts";
import type { RelayInput } from "./core/input.ts";
import { foundMesh, type KeptMesh } from "./core/membership/belonging.ts";
import { RingRecords, type RingPlace } from "./core/membership/ring-records.ts";
import { Relay } from "./core/relay.ts";
import { appFiles } from "./edge/app-files.ts";
import { ClientSockets } from "./edge/client-sockets.ts";
import { experimentsApi } from "./edge/experiments-api.ts";
import { DocumentEvents } from "./edge/document-events.ts";
import { eventsApi } from "./edge/events-api.ts";
import { healthApi } from "./edge/health-api.ts";
import { addressOf, closeServer, listen } from "./edge/http-listener.ts";
import { createHttpServer } from "./edge/http-server.ts";
import { OriginPolicy } from "./edge/origin-policy.ts";
import { PeerDoor } from "./edge/peer-door.ts";
import { PendingRequests } from "./edge/pending-requests.ts";
import { meshApi } from "./edge/mesh-api.ts";
import { roomsApi } from "./edge/rooms-api.ts";
import { isAnyAddress } from "./listening-address.ts";
import { engineThreads, type EngineThreads } from "./engine-threads.ts";
import { openDataFolder, type DataFolder } from "./log/data-folder.ts";
import { SqliteUpdateLog } from "./log/sqlite-update-log.ts";
import type { LogOpening, UpdateLog } from "./log/update-log.ts";
import { observedBy } from "./observed-edge.ts";
import { readWhom } from "./reconsidered.ts";
import { RelayAccess } from "./relay-access.ts";
import { RelayExperiments } from "./relay-experiments.ts";
import { accessCallback } from "./runtime/access-callback.ts";
import type { Authorize } from "./runtime/access-control.ts";
import { Driver } from "./runtime/driver.ts";
import { createLogger, type Logger } from "./runtime/logger.ts";
import type { Upkeep } from "./runtime/upkeep.ts";
import { storeUpkeep } from "./store-upkeep.ts";
import { MeshFile } from "./runtime/mesh-file.ts";
import { MeshJournal } from "./runtime/mesh-journal.ts";
import { givenMeshSecret, joinsWithoutSecret, openMeshSecret, secretSentence } from "./runtime/mesh-secret.ts";
import { Metrics } from "./runtime/metrics.ts";
import { RelayStatus } from "./runtime/relay-status.ts";
import { release } from "./runtime/release.ts";
import { EventLoopWatch } from "./runtime/event-loop-watch.ts";
import { systemClock, type Clock } from "./runtime/system-clock.ts";
import { within } from "./runtime/deadline.ts";
import { systemRandom } from "./runtime/system-random.ts";

export interface RunningRelay {
  readonly name: RelayId;
  readonly actor: ActorId;
  /** `http://HOST:PORT`, with the port that was picked. */
  readonly address: string;
  /**
   * Asks the application again about those who have documents open here, within a second for each thousand: in that document, those whom it had
   * called that; left out, each means all. Throws for anything else. Nothing without an application.
   */
  reconsider(whom?: { readonly room?: string; readonly user?: string }): void;
  /** Tells the clients, brings everything to disk and lets go of port and folder. */
  stop(): Promise<void>;
}

export type RelayStart = { readonly ok: true; readonly relay: RunningRelay } | { readonly ok: false; readonly sentence: string };

/**
 * Starts a relay; `ok: false` says in a sentence what the operator can change. `unsound` is called when the relay must
 * not go on as the actor that it is: something that it wrote itself is damaged, and a room loaded without that could
 * give its dots a second time. The caller stops it and lets a new life, which is a new actor, begin. `authorize`: says who may do
 * what; undefined: everybody may do everything.
 */
export async function startRelay(
  settings: RelaySettings,
  unsound: () => void = () => undefined,
  authorize: Authorize | undefined = settings.authUrl === undefined ? undefined : accessCallback(settings.authUrl),
): Promise<RelayStart> {
  const folder = openDataFolder({ path: settings.dataFolder, name: settings.name, random: systemRandom });
  if (!folder.ok) return { ok: false, sentence: folder.refusal.detail };
  const secret = meshSecretOf(settings, folder.value);
  if (!secret.ok) return refuse(folder.value, secret.refusal.detail);
  const parts = assemble(settings, { folder: folder.value, secret: secret.value, authorize });
  const kept = parts.meshFile.read();
  if (!kept.ok) return refuse(folder.value, kept.refusal.detail);
  if (kept.value === undefined && joinsWithoutSecret(settings)) return refuse(folder.value, secretSentence);
  const listening = await listen(parts.http, settings);
  if (listening !== undefined) return refuse(folder.value, listening);
  const opened = await openLog(parts, unsound);
  if (!opened.ok) {
    await closeServer(parts.http);
    return refuse(folder.value, opened.sentence);
  }
  serve(parts, { opening: opened.opening, secret: secret.value, kept: kept.value ?? foundIfFirst(parts) });
  const { name, actor } = parts;
  const address = addressOf(parts.http, settings.host);
  const { driver, access } = parts;
  const reconsider = (whom: unknown): void => void (driver && access?.reconsider(driver, readWhom(whom)));
  return { ok: true, relay: { name, actor, address, reconsider, stop: once(() => stop(parts)) } };
}

/** Everything that lives as long as the relay. `driver` and `core` come when the log has been opened. */
interface Parts {
  readonly settings: RelaySettings;
  readonly folder: DataFolder;
  readonly name: RelayId;
  readonly actor: ActorId;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly status: RelayStatus;
  readonly log: UpdateLog;
  readonly engines: EngineThreads;
  readonly sockets: ClientSockets;
  readonly peers: PeerDoor;
  /** `peers`, or what stands before it. */
  readonly links: Pick<PeerDoor, "write" | "close" | "dial">;
  readonly clock: Clock;
  readonly meshFile: MeshFile;
  /** Undefined: everybody may do everything. */
  readonly access: RelayAccess | undefined;
  readonly requests: PendingRequests;
  readonly http: Server;
  readonly events: DocumentEvents;
  core: Relay | undefined;
  driver: Driver | undefined;
  journal: MeshJournal | undefined;
  watch: EventLoopWatch | undefined;
  upkeep: readonly Upkeep[];
  stopped: () => void;
}

/** What a relay is made of beside its settings. */
interface Given {
  readonly folder: DataFolder;
  readonly secret: Uint8Array;
  readonly authorize: Authorize | undefined;
}

function assemble(settings: RelaySettings, { folder, secret, authorize }: Given): Parts {
  const { limits, process: around } = settings;
  const name = folder.relay;
  const actor = actorOf(name, systemRandom.bytes(8));
  const logger = createLogger({ format: settings.log, relay: name });
  const metrics = new Metrics({ relay: name, processMetrics: true });
  const status = new RelayStatus();
  const enqueue = (input: RelayInput): void => {
    assert(parts.driver !== undefined, "inputs come only while the relay serves");
    parts.driver.enqueue(input);
  };
  const observer = observedBy(metrics, logger);
  const sockets = new ClientSockets({ limits, pingMs: around.pingMs, closeMs: around.closeMs, enqueue, observer });
  const peers = new PeerDoor({
    frameBytesMax: around.meshFrameBytesMax,
    ...{ dialMs: around.dialMs, machinesPerAddressMax: around.machinesPerAddressMax, closeMs: around.closeMs },
    enqueue: (input) => (experiments === undefined ? enqueue(input) : experiments.links.heard(input)),
    observer,
  });
  const experiments = settings.experiments ? new RelayExperiments({ door: peers, enqueue }) : undefined;
  const clock = experiments?.clock ?? systemClock;
  const meshFile = new MeshFile({
    folder: folder.path,
    failed: (error) => logger.error({ err: error }, "what is known of the mesh could not be kept; it is tried again with the next news"),
  });
  const access = authorize === undefined ? undefined : new RelayAccess({ authorize, limits: around, sockets, logger });
  const requests = new PendingRequests({ enqueue, waitMs: around.requestMs, waitingMax: around.requestsWaitingMax });
  const events = new DocumentEvents({ actor, tokenSecret: secret, limits: around });
  const http = createHttpServer({
    ...{ release, status },
    sockets,
    peers,
    origins: new OriginPolicy(settings.allowOrigins, () => parts.core?.meshView()?.addresses.map(({ address }) => address) ?? []),
    healthApi: healthApi({
      status,
      exposition: () => metrics.exposition(),
      relay: name,
      actor,
      census: () => parts.core?.census(),
      mesh: () => parts.core?.meshView(),
      copies: () => parts.core?.copies() ?? { replicas: 1, needed: 1 },
      stamps: () => parts.core?.stamps(),
      now: () => clock.now(),
      experiments: experiments?.state,
      startedAt: new Date(),
    }),
    meshApi: meshApi({
      secret,
      mesh: () => parts.core?.meshView(),
      forget: (relay) => enqueue({ type: "forget-relay", relay }),
      drain: () => enqueue({ type: "drain" }),
      verify: {
        inspect: (after) => parts.log.inspect(after),
        setAside: (rooms) => parts.log.setAsideDamage(rooms),
        ask: (ask) => requests.ask(ask),
      },
    }),
    experimentsApi: experiments === undefined ? undefined : experimentsApi(experiments),
    doors: access?.doors,
    roomsApi: roomsApi(requests, {
      history: (room, generation) => parts.log.history(room, generation),
      version: (ask) => parts.log.version(ask),
      updateBytesMax: limits.editBytesMax,
    }),
    eventsApi: eventsApi({ events, listenersMax: around.eventListenersMax }),
    appFiles: appFiles(appFolder()),
    connectionsMax: limits.connectionsMax,
    observer,
  });
  const engines = engineThreads(settings, logger);
  const log = new SqliteUpdateLog({
    ...{ folder: folder.path, relay: name, nestingMax: limits.content.nestingMax, freeBytesMin: around.freeBytesMin },
    keepsHistory: settings.historyMs > 0,
    blobs: { blobsPerRoomMax: around.blobsPerRoomMax, blobBytesPerRoomMax: around.blobBytesPerRoomMax },
  });
  const parts: Parts = {
    ...{ settings, folder, name, actor, logger, metrics, status, log, engines, sockets, clock, meshFile, requests, http, events },
    ...{ peers, links: experiments?.links ?? peers, access },
    ...{ core: undefined, driver: undefined, journal: undefined, watch: undefined, upkeep: [], stopped: () => undefined },
  };
  return parts;
}

type LogOpened = { readonly ok: true; readonly opening: LogOpening } | { readonly ok: false; readonly sentence: string };

async function openLog(parts: Parts, unsound: () => void): Promise<LogOpened> {
  const { log, status, metrics, logger } = parts;
  const note = (damage: LogOpening["damage"][number]): void => {
    status.damaged(damage);
    metrics.damaged(1);
    logger.error({ where: damage.where, what: damage.what, keptAs: damage.keptAs }, "the store is damaged");
  };
  log.onDamage((damage) => {
    note(damage);
    // Whatever it is and wherever: what this actor wrote may be part of it. But for images, which come again from others.
    if (parts.driver !== undefined && damage.isOfBlobs !== true) unsound();
  });
  try {
    const opening = await log.open();
    for (const damage of opening.damage) note(damage);
    if (!opening.complete) status.incomplete();
    return { ok: true, opening };
  } catch (error) {
    return { ok: false, sentence: error instanceof Error ? error.message : String(error) };
  }
}

/** What was on the disk. */
interface Kept {
  readonly opening: LogOpening;
  readonly secret: Uint8Array;
  readonly kept: KeptMesh | undefined;
}

function serve(parts: Parts, { opening, secret, kept }: Kept): void {
  const { settings, name, actor, sockets, links, clock, meshFile, log, engines, metrics, requests, status, logger } = parts;
  const core = new Relay({
    self: name,
    actor,
    limits: settings.limits,
    random: systemRandom,
    engines: { yjs: new YjsEngine(), automerge: new AutomergeReader() },
    dialects: [nativeDialect, yWebsocketDialect, hocuspocusDialect, automergeRepoDialect(`inkmesh-${actor}`)],
    tokenSecret: secret,
    mesh: {
      address: meshAddressOf(parts),
      ...{ join: settings.join, kept, place: placeOf(settings), secret, limits: settings.mesh, random: systemRandom },
      software: { release, version: meshVersion },
      nowMs: systemClock.now().monotonicMs,
    },
    hlcFloorMs: opening.hlcFloorMs,
    wholeRing: opening.wholeRing,
    accessAnswerMs: parts.access?.answerMs,
    ...{ replicas: settings.replicas, durability: settings.durability },
    offsetMaxMs: settings.process.hlcOffsetMaxMs,
  });
  parts.core = core;
  const ring = RingRecords.empty.merge(kept?.ring ?? []);
  parts.journal = new MeshJournal({ self: actor, ring, logger, nowMs: () => systemClock.now().monotonicMs });
  parts.driver = new Driver({
    relay: core,
    ...{ sockets, log, engines: engines.calls, trials: engines.trials, clock, commitPauseMs: settings.process.commitPauseMs },
    links: {
      write: (link: LinkId, frames, asks) => links.write(link, frames, asks),
      close: (link: LinkId, code, reason) => links.close(link, code, reason),
      dial: (address) => links.dial(address),
      keep: (known, isFirst) => (isFirst ? meshFile.keepAtOnce(known) : meshFile.keep(known)),
    },
    access: parts.access,
    answer: (request, answer) => requests.answer(request, answer),
    report: (report) => noteReport(parts, report),
    committed: (figures) => metrics.committed(figures),
  });
  parts.upkeep = storeUpkeep(parts);
  metrics.watch(() => core.census());
  metrics.mesh.watch(() => core.meshView());
  status.enter("serving");
  logger.info({ actor, complete: opening.complete }, "the relay serves");
  beAmongOthers(parts);
}

function noteReport(parts: Parts, report: Report): void {
  const { metrics, status, logger } = parts;
  if (report.type === "changed" || report.type === "recorded") return parts.events.note(report);
  metrics.report(report);
  if (report.type === "stopped") parts.stopped();
  else if (report.type === "mesh") parts.journal?.note(report.news);
  else if (report.type === "store-full") {
    status.storeFull(report.full);
    logger.warn({ full: report.full }, report.full ? "the disk is full: edits stay with their authors" : "the disk takes edits again");
  } else if (report.type === "quarantined")
    logger.warn({ room: report.room, count: report.count }, "entries that do not apply were set aside");
  else if (report.type === "too-big")
    logger.error(report, "a document is too large to come here from another relay: this copy stays behind");
  else if (report.type === "refused") logger.debug({ code: report.refusal.code, detail: report.refusal.detail }, "refused");
}

async function stop(parts: Parts): Promise<void> {
  const { status, driver, sockets, peers, meshFile, engines, log, http, folder, logger, settings } = parts;
  assert(driver !== undefined, "only a relay that serves is stopped");
  const deadlineMs = systemClock.now().monotonicMs + settings.process.stopMs;
  logger.info("the relay stops");
  status.enter("stopping");
  const flushed = new Promise<void>((resolve) => (parts.stopped = resolve));
  driver.enqueue({ type: "stop-requested" });
  parts.watch?.stop();
  for (const each of parts.upkeep) each.stop();
  const inTime = await within(systemClock, deadlineMs, flushed);
  if (!inTime) logger.warn("not everything came to disk in time; its authors still have it");
  peers.shut(errorKinds.RELAY_STOPPING.closeCode, "RELAY_STOPPING");
  parts.events.close();
  const closing = closeServer(http);
  await within(systemClock, Math.min(deadlineMs, systemClock.now().monotonicMs + settings.process.closeMs), sockets.drained());
  sockets.terminateAll();
  peers.terminateAll();
  driver.halt();
  await within(systemClock, deadlineMs, Promise.all([closing, engines.close(), log.close(), meshFile.settled()]));
  folder.release();
  logger.info("the relay has stopped");
}

/** Every relay carries one share until something else can be said. */
function placeOf({ zone }: RelaySettings): RingPlace {
  return { weight: 1, zone };
}

function meshSecretOf(settings: RelaySettings, folder: DataFolder): Result<Uint8Array> {
  return (
    givenMeshSecret({ text: settings.meshSecret, file: settings.meshSecretFile }) ??
    openMeshSecret({ folder: folder.path, random: systemRandom })
  );
}

/** A relay that joins nobody and belongs nowhere is a mesh of its own. */
function foundIfFirst({ settings, name, meshFile }: Parts): KeptMesh | undefined {
  if (settings.join.length > 0) return undefined;
  const kept = foundMesh(name, placeOf(settings), systemRandom);
  meshFile.keepAtOnce(kept);
  return kept;
}

/** Where other relays reach this one; empty when it listens everywhere and nothing was said. */
function meshAddressOf({ settings, http }: Parts): string {
  if (settings.advertise !== undefined) return settings.advertise;
  return isAnyAddress(settings.host) ? "" : `${addressOf(http, settings.host).replace("http", "ws")}/mesh`;
}

/** The first dials, and from then on how late the event loop runs. */
function beAmongOthers(parts: Parts): void {
  const { driver, settings } = parts;
  driver?.enqueue({ type: "deadline-reached" });
  const everyMs = settings.process.eventLoopLookMs;
  parts.watch = new EventLoopWatch({ everyMs, tell: (ms) => driver?.enqueue({ type: "event-loop-delay", ms }) });
}

function refuse(folder: DataFolder, sentence: string): RelayStart {
  folder.release();
  return { ok: false, sentence };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
