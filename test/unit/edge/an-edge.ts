/**
 * A relay's edge on a port of its own, in front of a core that only takes notes.
 */
import type { LookupAddress } from "node:dns";
import type { AddressInfo } from "node:net";
import { vi } from "vitest";
import { WebSocket } from "ws";
import type { ActorId, RelayId, RequestId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { limitsWith } from "../../../server/config.ts";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import type { RelayInput, RoomRequest } from "../../../server/core/input.ts";
import type { Limits } from "../../../server/core/limits.ts";
import type { MeshView } from "../../../server/core/peers/mesh-view.ts";
import { appFiles } from "../../../server/edge/app-files.ts";
import { ClientSockets } from "../../../server/edge/client-sockets.ts";
import type { EdgeObserver } from "../../../server/edge/edge-observer.ts";
import { DocumentEvents } from "../../../server/edge/document-events.ts";
import { eventsApi } from "../../../server/edge/events-api.ts";
import { experimentsApi, type Experiments } from "../../../server/edge/experiments-api.ts";
import { healthApi } from "../../../server/edge/health-api.ts";
import type { HistoryApiOptions } from "../../../server/edge/history-api.ts";
import { createHttpServer, type HttpServerOptions } from "../../../server/edge/http-server.ts";
import type { KnownStamps } from "../../../server/edge/mesh-answer.ts";
import { meshApi } from "../../../server/edge/mesh-api.ts";
import { OriginPolicy } from "../../../server/edge/origin-policy.ts";
import { PeerDoor } from "../../../server/edge/peer-door.ts";
import { PendingRequests } from "../../../server/edge/pending-requests.ts";
import { roomsApi } from "../../../server/edge/rooms-api.ts";
import type { VerifyApiOptions } from "../../../server/edge/verify-api.ts";
import { Metrics } from "../../../server/runtime/metrics.ts";
import { RelayStatus } from "../../../server/runtime/relay-status.ts";

interface EdgeOptions {
  readonly limits?: Partial<Omit<Limits, "content">>;
  readonly answer?: (ask: RoomRequest) => RoomAnswer | undefined;
  readonly appFolder?: string;
  readonly allowOrigins?: readonly string[];
  /** WebSocket addresses of the mesh's other relays. */
  readonly relays?: readonly string[];
  readonly pingMs?: number;
  readonly requestMs?: number;
  readonly requestsMax?: number;
  readonly mesh?: MeshView;
  readonly stamps?: KnownStamps;
  readonly inspect?: VerifyApiOptions["inspect"];
  readonly history?: HistoryApiOptions["history"];
  readonly version?: HistoryApiOptions["version"];
  readonly eventsKeptMax?: number;
  readonly experiments?: Experiments;
  readonly doors?: HttpServerOptions["doors"];
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

/** Of the mesh that it belongs to. */
export const edgeSecret = new Uint8Array(32).fill(7);

export async function anEdge(options: EdgeOptions = {}) {
  const inputs: RelayInput[] = [];
  const metrics = new Metrics({ relay: "a", processMetrics: false });
  const failures: unknown[] = [];
  const setAside: (readonly RoomName[])[] = [];
  const observer: EdgeObserver = {
    received: (bytes) => metrics.received(bytes),
    sent: (frames, bytes) => metrics.sent(frames, bytes),
    receivedFromPeer: (bytes) => metrics.mesh.received(bytes),
    sentToPeer: (bytes) => metrics.mesh.sent(bytes),
    refusedAtTheDoor: (code) => metrics.refusedAtTheDoor(code),
    requested: (answer) => metrics.requested(answer),
    failed: (error) => void failures.push(error),
  };
  const status = new RelayStatus();
  status.enter("serving");
  const enqueue = (input: RelayInput): void => {
    inputs.push(input);
    if (input.type !== "request-received") return;
    const answer = options.answer?.(input.ask);
    if (answer !== undefined) setImmediate(() => requests.answer(input.request, answer));
  };
  const requests = new PendingRequests({ enqueue, waitMs: options.requestMs ?? 2_000, waitingMax: options.requestsMax ?? 10 });
  const sockets = new ClientSockets({
    limits: limitsWith(options.limits),
    pingMs: options.pingMs ?? 60_000,
    closeMs: 20_000,
    enqueue,
    observer,
  });
  const peers = new PeerDoor({
    ...{ frameBytesMax: 100_000, dialMs: 1_000, machinesPerAddressMax: 4, closeMs: 20_000 },
    ...{ enqueue, observer },
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const relay = "a" as RelayId;
  const events = new DocumentEvents({
    ...{ actor: "a.0" as ActorId, tokenSecret: edgeSecret },
    limits: { eventsKeptMax: options.eventsKeptMax ?? 4, eventEveryMs: 20, eventBeatMs: 50 },
  });
  const http = createHttpServer({
    doors: options.doors,
    ...{ status, sockets, peers, observer },
    origins: new OriginPolicy(options.allowOrigins ?? [], () => options.relays ?? []),
    healthApi: healthApi({
      status,
      exposition: () => metrics.exposition(),
      relay,
      actor: "a.0" as ActorId,
      census: () => undefined,
      mesh: () => options.mesh,
      copies: () => ({ replicas: 1, needed: 1 }),
      stamps: () => options.stamps,
      experiments: options.experiments?.state,
      now: () => ({ monotonicMs: 10_000, wallMs: 1_000_000 }),
      startedAt: new Date(0),
    }),
    meshApi: meshApi({
      secret: edgeSecret,
      mesh: () => options.mesh,
      forget: (forgotten) => enqueue({ type: "forget-relay", relay: forgotten }),
      drain: () => enqueue({ type: "drain" }),
      verify: {
        inspect: options.inspect ?? (async () => ({ ok: true, value: { rooms: [], flaws: [], total: 0, next: undefined } })),
        setAside: async (rooms) => ({ ok: true, value: setAside.push(rooms) }),
        ask: (ask) => requests.ask(ask),
      },
    }),
    experimentsApi: options.experiments === undefined ? undefined : experimentsApi(options.experiments),
    roomsApi: roomsApi(requests, {
      history: options.history ?? (async () => ({ ok: true, value: { generation: 0, base: VectorClock.empty, minutes: [] } })),
      version: options.version ?? (async () => ({ ok: true, value: undefined })),
      updateBytesMax: 1_000,
    }),
    eventsApi: eventsApi({ events, listenersMax: 2 }),
    appFiles: appFiles(options.appFolder),
    connectionsMax: 100,
    release: "0.0.0",
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const clients: WebSocket[] = [];
  return {
    ...{ inputs, requests, events, sockets, peers, status, host, http, failures, setAside },
    address: `http://${host}`,
    /** A ws client; `open` first. */
    connect: (path: string, headers: Record<string, string> = {}): WebSocket => {
      const client = new WebSocket(`ws://${host}${path}`, { headers });
      client.on("error", () => undefined);
      clients.push(client);
      return client;
    },
    ofType: <Type extends RelayInput["type"]>(type: Type) =>
      inputs.filter((input): input is Extract<RelayInput, { type: Type }> => input.type === type),
    cancelled: (): RequestId[] => inputs.flatMap((input) => (input.type === "request-cancelled" ? [input.request] : [])),
    refusals: async (): Promise<string> =>
      (await metrics.registry.getSingleMetricAsString("inkmesh_refused_total")).replaceAll(/^#.*\n/gm, ""),
    close: async (): Promise<void> => {
      events.close();
      for (const client of clients) client.terminate();
      sockets.terminateAll();
      peers.shut(1001, "");
      peers.terminateAll();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Waits until `expectation` holds; at most 5 s. */
export function eventually(expectation: () => void): Promise<void> {
  return vi.waitFor(expectation, { timeout: 5_000, interval: 5 });
}

export function opened(client: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("open", resolve);
    client.once("error", reject);
  });
}

export function closeCodeOf(client: WebSocket): Promise<number> {
  return new Promise((resolve) => client.once("close", resolve));
}
