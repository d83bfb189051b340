/**
 * The relay's HTTP server: exact routes by express, WebSocket upgrades by path.
 *
 *     /sync          our own protocol          /y/<room>     y-websocket; the room is the rest of the path, decoded once
 *     /hocuspocus    Hocuspocus' providers; each frame names its document
 *     /mesh          other relays, never a page
 *     /health, /ready, /metrics, /api/…        everything else: the editor's files
 *
 * Where an application says who may do what, `rooms-door` stands before `/api/rooms`; about sockets the core asks.
 *
 * Invariants: a page from a foreign origin gets neither a socket (403 before 101) nor a change; no request's error is
 * left to end the process; while the relay starts or stops, rooms and sockets are refused with 503.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { decodeRoomPath } from "@inkmesh/shared/wire/room-name";
import { refused, type Refusal } from "@inkmesh/shared/base/result";
import compression from "compression";
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from "express";
import helmet from "helmet";
import { apiDescription } from "./api-description.ts";
import { imageArrivesWithin } from "./blob-api.ts";
import { bodyWithin } from "./body-deadline.ts";
import type { ClientSockets, SocketRoute } from "./client-sockets.ts";
import type { EdgeObserver } from "./edge-observer.ts";
import { refuseUpgrade, sendRefusal } from "./http-refusal.ts";
import type { OriginPolicy } from "./origin-policy.ts";
import type { PeerDoor } from "./peer-door.ts";
import type { RelayState } from "./relay-state.ts";

export interface HttpServerOptions {
  readonly status: RelayState;
  readonly sockets: Pick<ClientSockets, "accept" | "sendAway">;
  readonly peers: Pick<PeerDoor, "accept">;
  readonly origins: OriginPolicy;
  readonly healthApi: Router;
  readonly meshApi: Router;
  /** Undefined: there is no such door. */
  readonly experimentsApi: Router | undefined;
  /** What stands before `roomsApi` and `eventsApi`; undefined: everybody may do everything. */
  readonly doors: { readonly rooms: Router; readonly events: Router } | undefined;
  readonly roomsApi: Router;
  readonly eventsApi: Router;
  readonly appFiles: Router;
  /** Which release the relay is of. */
  readonly release: string;
  readonly connectionsMax: number;
  readonly observer: EdgeObserver;
}

const headerBytesMax = 8 * 1024;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Past every limit of our own (`body-deadline.ts`): Node's has no answer for programs. */
const nodeTimeoutMs = 360_000;
/** Sockets beyond the core's own limit that are let in to be told so, or to ask for health. */
const spareConnections = 256;

/** What a page of another relay may read of an answer beside its body. */
const exposedHeaders = "ETag, Inkmesh-Generation, Inkmesh-Token, Location, Retry-After";

export function createHttpServer(options: HttpServerOptions): Server {
  const timeouts = { headersTimeout: headersTimeoutMs, requestTimeout: nodeTimeoutMs, connectionsCheckingInterval: 2_000 };
  const server = createServer({ maxHeaderSize: headerBytesMax, ...timeouts }, expressApp(options));
  server.maxConnections = options.connectionsMax + spareConnections;
  server.on("upgrade", (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() === "websocket") upgrade(options, request, socket, head);
    else ignoreUpgrade(server, request, socket, head);
  });
  return server;
}

function expressApp(options: HttpServerOptions): Express {
  const { status, origins, observer } = options;
  const app = express();
  app.disable("x-powered-by");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.set("query parser", "simple");
  app.use((_request, response, next) => {
    response.once("finish", () => observer.requested(response.statusCode));
    next();
  });
  app.use(securityHeaders(origins));
  app.use(bodyWithin((request) => imageArrivesWithin(request) ?? requestTimeoutMs));
  app.use(compression());
  app.use(foreignChangesRefused(origins));
  app.use("/api/mesh", openToRelays(origins));
  app.use(options.healthApi);
  app.use(options.meshApi);
  if (options.experimentsApi !== undefined) app.use(options.experimentsApi);
  app.use("/api/rooms", openToRelays(origins), onlyWhileServing(status));
  if (options.doors !== undefined) app.use("/api/rooms", options.doors.rooms);
  app.use("/api/rooms", options.roomsApi);
  app.use(apiDescription(options.release));
  app.use("/api/events", openToRelays(origins), onlyWhileServing(status));
  if (options.doors !== undefined) app.use("/api/events", options.doors.events);
  app.use(options.eventsApi);
  app.use(options.appFiles);
  app.use((_request, response) => sendRefusal(response, refused("NOT_FOUND").refusal));
  app.use(errorAnswer(observer));
  return app;
}

/**
 * `style-src 'unsafe-inline'`: ProseMirror and CodeMirror add their style sheets as elements. `connect-src`: a page goes on at another
 * relay when this one is lost. `script-src 'wasm-unsafe-eval'`: Automerge is WebAssembly, of this relay's own file; it lets no text be run as a script.
 */
function securityHeaders(origins: OriginPolicy): RequestHandler {
  const directives = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "connect-src": ["'self'", "ws:", "wss:", () => origins.relayOrigins().join(" ")],
    "worker-src": ["'self'"],
    "manifest-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  };
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    // Both mean something only over https, which a proxy in front adds; over plain http browsers complain of them.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
}

/** Pages of the mesh's other relays ask here, too, when theirs is lost: the Fetch standard's leave for them (CORS), and for nobody else. */
function openToRelays(origins: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    const origin = request.get("Origin");
    response.vary("Origin");
    if (origin === undefined || !origins.isOfRelay(origin)) return next();
    response.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposedHeaders });
    if (request.method !== "OPTIONS") return next();
    const allowed = {
      "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
      "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Inkmesh-Token, Last-Event-ID",
    };
    response
      .set({ ...allowed, "Access-Control-Max-Age": "600" })
      .status(204)
      .end();
  };
}

function foreignChangesRefused(origins: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads || origins.allows(request.get("Origin"), request.get("Host"))) return next();
    sendRefusal(response, refused("ORIGIN_REFUSED").refusal);
  };
}

function onlyWhileServing(status: RelayState): RequestHandler {
  return (_request, response, next) => {
    const refusal = phaseRefusal(status);
    if (refusal === undefined) return next();
    sendRefusal(response, refusal);
  };
}

function phaseRefusal(status: RelayState): Refusal | undefined {
  if (status.phase === "starting") return refused("RELAY_BUSY", "the relay is starting").refusal;
  if (status.phase === "stopping") return refused("RELAY_STOPPING").refusal;
  return undefined;
}

/** Express hands over what body parsing and URL decoding refuse, with a status; what has none is our own mistake. */
function errorAnswer(observer: EdgeObserver): ErrorRequestHandler {
  return (error: { status?: number; type?: string; message?: string }, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error.type === "entity.too.large") return sendRefusal(response, refused("FRAME_TOO_BIG", "the body is too large").refusal);
    if (error.status !== undefined && error.status < 500)
      return sendRefusal(response, refused("BAD_REQUEST", "the address or the body cannot be read").refusal);
    observer.failed(error, request.method);
    sendRefusal(response, refused("INTERNAL").refusal);
  };
}

/**
 * An offer of another protocol (curl's and Java's `Upgrade: h2c`) is ignored and its request answered (RFC 9110 §7.8).
 * Node has let go of the connection by then, and of the request's body: it gets both anew, without the offer, and ends
 * the connection after the answer, so that this happens to a connection once.
 */
function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  const fields = request.rawHeaders.flatMap((name, at, raw) =>
    at % 2 === 1 || ["upgrade", "connection"].includes(name.toLowerCase()) ? [] : [`${name}: ${raw[at + 1]}\r\n`],
  );
  const start = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${start}${fields.join("")}Connection: close\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

function upgrade(options: HttpServerOptions, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Until ws listens, and after it has gone, a reset by the other side must find a listener.
  socket.on("error", () => socket.destroy());
  if (pathOf(request.url) === "/mesh") return upgradePeer(options, request, socket, head);
  const route = socketRoute(request.url ?? "/");
  const refusal = upgradeRefusal(options, request, route);
  if (refusal === undefined && route !== undefined) return options.sockets.accept(request, socket, head, route);
  // In Node its released client ends its whole process over any answer to an upgrade but the one that it asks for.
  if (route?.dialect === "automerge-repo" && refusal?.code !== "ORIGIN_REFUSED")
    return options.sockets.sendAway(request, socket, head, refusal ?? refused("RELAY_BUSY").refusal);
  turnAway(options, socket, refusal ?? refused("NOT_FOUND").refusal);
}

/** Browsers say where a page is from, and no page is a relay. */
function upgradePeer(options: HttpServerOptions, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { origin } = request.headers;
  const refusal = origin === undefined ? phaseRefusal(options.status) : refused("ORIGIN_REFUSED", "/mesh is for relays").refusal;
  if (refusal === undefined) options.peers.accept(request, socket, head);
  else turnAway(options, socket, refusal);
}

function turnAway(options: HttpServerOptions, socket: Duplex, refusal: Refusal): void {
  options.observer.refusedAtTheDoor(refusal.code);
  refuseUpgrade(socket, refusal);
}

function upgradeRefusal(options: HttpServerOptions, request: IncomingMessage, route: SocketRoute | undefined): Refusal | undefined {
  const { origin, host } = request.headers;
  if (route === undefined)
    return refused("NOT_FOUND", "WebSockets are at /sync, /y/<room>, /hocuspocus and /automerge, those of other relays at /mesh").refusal;
  if (!options.origins.allows(origin, host)) return refused("ORIGIN_REFUSED", `origin ${JSON.stringify(origin?.slice(0, 200))}`).refusal;
  return phaseRefusal(options.status);
}

function pathOf(url = "/"): string {
  return url.split("?", 1)[0]!;
}

/** Which dialect a path chooses, and the room that it names. A name that may not be becomes "", which the core refuses with its code. */
export function socketRoute(url: string): SocketRoute | undefined {
  const pathPart = pathOf(url);
  if (pathPart === "/sync") return { dialect: "native", room: undefined };
  // Some applications put the document's name into the path, too; what counts is in the frames.
  if (pathPart === "/hocuspocus" || pathPart.startsWith("/hocuspocus/")) return { dialect: "hocuspocus", room: undefined };
  if (pathPart === "/automerge") return { dialect: "automerge-repo", room: undefined };
  if (!pathPart.startsWith("/y/")) return undefined;
  const name = decodeRoomPath(pathPart.slice("/y/".length));
  return { dialect: "y-websocket", room: name.ok ? name.value : "" };
}
