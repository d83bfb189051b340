/**
 * RawSocket: a WebSocket without manners. It sends any bytes and records what comes back and how it ended; for bad
 * input and for looking at frames.
 */
import { WebSocket } from "ws";
import { until } from "./until.ts";

const living = new Set<RawSocket>();

export function endRawSockets(): void {
  for (const socket of living) socket.end();
}

export class RawSocket {
  readonly socket: WebSocket;
  readonly received: Uint8Array[] = [];
  closeCode: number | undefined;
  closeReason = "";
  /** The HTTP status of a refused upgrade. */
  refusedWith: number | undefined;
  #open = false;

  constructor(url: string, options: { headers?: Record<string, string>; maxPayload?: number } = {}) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    living.add(this);
    this.socket.on("open", () => (this.#open = true));
    this.socket.on("message", (data: Buffer) => this.received.push(new Uint8Array(data)));
    this.socket.on("unexpected-response", (_request, response) => {
      this.refusedWith = response.statusCode;
      this.socket.terminate();
    });
    this.socket.on("error", () => undefined); // Its outcome shows in `close`.
    this.socket.on("close", (code, reason) => {
      this.closeCode = code;
      this.closeReason = reason.toString("utf8");
    });
  }

  async opened(): Promise<this> {
    await until("the socket is open", () => this.#open || this.closeCode !== undefined);
    if (!this.#open) throw new Error(`the socket did not open (${this.refusedWith ?? this.closeCode})`);
    return this;
  }

  send(...bytes: readonly (Uint8Array | readonly number[])[]): this {
    for (const part of bytes) this.socket.send(part instanceof Uint8Array ? part : Uint8Array.from(part));
    return this;
  }

  async closedWith(timeoutMs = 15_000): Promise<number> {
    await until("the relay closes the socket", () => this.closeCode !== undefined, { timeoutMs });
    return this.closeCode!;
  }

  end(): void {
    living.delete(this);
    this.socket.terminate();
  }
}
