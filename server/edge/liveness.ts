/**
 * Liveness: whether somebody is still at the other end of a socket. At each look who was heard since the last one is fine, who was
 * not is pinged, and who has not answered that by the next look is cut off.
 */
import type { WebSocket } from "ws";

export class Liveness {
  readonly #webSocket: WebSocket;
  #heard = true;
  #pinged = false;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("pong", () => this.heard());
  }

  /** Something came. */
  heard(): void {
    this.#heard = true;
    this.#pinged = false;
  }

  look(): void {
    if (this.#heard) this.#heard = false;
    else if (this.#pinged) this.#webSocket.terminate();
    else {
      this.#pinged = true;
      this.#webSocket.ping();
    }
  }
}
