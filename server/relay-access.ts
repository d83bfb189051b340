/**
 * RelayAccess: one application that says who may do what, before both ways to documents: sockets, whose rooms the core asks for, and HTTP.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { Router } from "express";
import type { AccessAsk, Grant } from "./core/access.ts";
import type { ClientSockets } from "./edge/client-sockets.ts";
import { eventsDoor, roomsDoor, type AskRoomAccess } from "./edge/rooms-door.ts";
import { AccessControl, type AccessLimits, type Authorize } from "./runtime/access-control.ts";
import type { Logger } from "./runtime/logger.ts";
import { SparseLines } from "./runtime/sparse-lines.ts";

/** Milliseconds between two lines of the log about questions without an answer: strangers can cause as many as they like. */
const lineEveryMs = 1_000;

interface RelayAccessOptions {
  readonly authorize: Authorize;
  readonly limits: AccessLimits;
  readonly sockets: Pick<ClientSockets, "visitor">;
  readonly logger: Logger;
}

export class RelayAccess {
  readonly #sockets: Pick<ClientSockets, "visitor">;
  readonly #control: AccessControl;
  /** What stands before the routers that tell of documents. */
  readonly doors: { readonly rooms: Router; readonly events: Router };

  constructor({ authorize, limits, sockets, logger }: RelayAccessOptions) {
    this.#sockets = sockets;
    const lines = new SparseLines(lineEveryMs, (why, leftOut) =>
      logger.warn({ why, ...(leftOut === 0 ? {} : { leftOut }) }, "the application did not say who may do what"),
    );
    const failed = (why: string): void => lines.add(why, performance.now());
    this.#control = new AccessControl({ authorize, limits, failed });
    const ask: AskRoomAccess = (visitor, room) => this.#control.ask({ dialect: "http", room, ...visitor });
    this.doors = { rooms: roomsDoor(ask), events: eventsDoor(ask) };
  }

  /** The core's question about a client; what is shown in messages goes before what came with the request. */
  async ask(connection: ConnectionId, { credential, ...ask }: AccessAsk): Promise<Result<Grant>> {
    const visitor = this.#sockets.visitor(connection);
    if (visitor === undefined) return refused("ACCESS_UNKNOWN");
    return this.#control.ask({ ...visitor, ...ask, token: credential === "" ? visitor.token : credential }, String(connection));
  }
}
