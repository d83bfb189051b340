/**
 * RelayAccess: one application that says who may do what, before both ways to documents: sockets, whose rooms the core asks for, and HTTP.
 */
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import type { Router } from "express";
import type { AccessAsk, Grant } from "./core/access.ts";
import { AccessDoubts, type Whom } from "./core/access-doubts.ts";
import type { ClientSockets } from "./edge/client-sockets.ts";
import { OpenListeners, type Heard } from "./edge/open-listeners.ts";
import { eventsDoor, roomsDoor, type AskRoomAccess } from "./edge/rooms-door.ts";
import type { Visitor } from "./edge/visitor.ts";
import { AccessControl, type AccessLimits, type Authorize } from "./runtime/access-control.ts";
import type { Driver } from "./runtime/driver.ts";
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
  readonly #doubts = new AccessDoubts();
  readonly #listeners: OpenListeners;
  /** Milliseconds within which a question is answered, its wait for its turn included. */
  readonly answerMs: number;
  /** What stands before the routers that tell of documents. */
  readonly doors: { readonly rooms: Router; readonly events: Router };

  constructor({ authorize, limits, sockets, logger }: RelayAccessOptions) {
    this.#sockets = sockets;
    const lines = new SparseLines(lineEveryMs, (why, leftOut) =>
      logger.warn({ why, ...(leftOut === 0 ? {} : { leftOut }) }, "the application did not say who may do what"),
    );
    const failed = (why: string): void => lines.add(why, performance.now());
    this.#control = new AccessControl({ authorize, limits, failed });
    this.answerMs = 2 * limits.accessMs;
    this.#listeners = new OpenListeners({ answerMs: this.answerMs });
    const ask: AskRoomAccess = (visitor, rooms, isAgain = false) => this.#askOfAll(visitor, rooms, isAgain);
    this.doors = { rooms: roomsDoor(ask), events: eventsDoor(ask, this.#listeners) };
  }

  /** The core's question about a client; what is shown in messages goes before what came with the request. */
  async ask(connection: ConnectionId, { credential, isAgain = false, ...ask }: AccessAsk): Promise<Result<Grant>> {
    const visitor = this.#sockets.visitor(connection);
    if (visitor === undefined) return refused("ACCESS_UNKNOWN");
    const token = credential === "" ? visitor.token : credential;
    return this.#control.ask({ ...visitor, ...ask, token }, { socket: String(connection), isAgain });
  }

  /** What the application said before counts for nothing any more: it is asked anew about those who are in, and who listen. */
  reconsider(core: Pick<Driver, "enqueue">, whom: Whom): void {
    this.#control.forget();
    this.#doubts.add(whom);
    this.#listeners.doubt(whom);
    core.enqueue({ type: "reconsider-access", room: whom.room, user: whom.user });
  }

  /** What was called into doubt while it was asked about is asked about once more: all answers are of one time. */
  async #askOfAll(visitor: Visitor, rooms: Iterable<RoomName | undefined>, isAgain: boolean): Promise<Result<readonly Heard[]>> {
    const doubts = this.#doubts.count;
    const heard: Heard[] = [];
    for (const room of rooms) {
      const granted = await this.#control.ask({ dialect: "http", room, ...visitor }, { isAgain });
      if (!granted.ok) return granted;
      heard.push({ room, grant: granted.value });
    }
    const isOfBefore = heard.some(({ room, grant }) => this.#doubts.mean({ room, user: grant.user }, doubts));
    return isOfBefore ? this.#askOfAll(visitor, rooms, isAgain) : ok(heard);
  }
}
