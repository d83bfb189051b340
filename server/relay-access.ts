/**
 * RelayAccess: one application that says who may do what, before both ways to documents: sockets, whose rooms the core asks for, and HTTP.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { Router } from "express";
import type { AccessAsk, Grant } from "./core/access.ts";
import type { ClientSockets } from "./edge/client-sockets.ts";
import { OpenListeners } from "./edge/open-listeners.ts";
import { eventsDoor, roomsDoor, type AskRoomAccess } from "./edge/rooms-door.ts";
import { AccessControl, type AccessLimits, type Authorize } from "./runtime/access-control.ts";
import type { Driver } from "./runtime/driver.ts";
import type { Logger } from "./runtime/logger.ts";
import { SparseLines } from "./runtime/sparse-lines.ts";

/** Milliseconds between two lines of the log about questions without an answer: strangers can cause as many as they like. */
const lineEveryMs = 1_000;

/** About whom the application has changed its mind: in that document, those whom it had called that; left out: each means all. */
export interface Whom {
  readonly room?: string;
  readonly user?: string;
}

interface RelayAccessOptions {
  readonly authorize: Authorize;
  readonly limits: AccessLimits;
  readonly sockets: Pick<ClientSockets, "visitor">;
  readonly logger: Logger;
}

export class RelayAccess {
  readonly #sockets: Pick<ClientSockets, "visitor">;
  readonly #control: AccessControl;
  readonly #listeners = new OpenListeners();
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
    this.doors = { rooms: roomsDoor(ask), events: eventsDoor(ask, this.#listeners) };
  }

  /** The core's question about a client; what is shown in messages goes before what came with the request. */
  async ask(connection: ConnectionId, { credential, isAgain = false, ...ask }: AccessAsk): Promise<Result<Grant>> {
    const visitor = this.#sockets.visitor(connection);
    if (visitor === undefined) return refused("ACCESS_UNKNOWN");
    const token = credential === "" ? visitor.token : credential;
    return this.#control.ask({ ...visitor, ...ask, token }, { socket: String(connection), isAgain });
  }

  /** What the application said before counts for nothing any more: the core asks anew about those who are in, and who listens when they come back. */
  reconsider(core: Pick<Driver, "enqueue">, { room, user }: Whom = {}): void {
    this.#control.forget();
    this.#listeners.endAll();
    core.enqueue({ type: "reconsider-access", room, user });
  }
}
