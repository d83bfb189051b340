/**
 * SimWebSocket: the `WebSocket` of one process, over the simulated network. Our client and released ones use it as they use a
 * browser's, by handlers or by listeners.
 */
import type { SimLine, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./world.ts";

type Handler = ((event: never) => void) | null;
type Happening = "open" | "message" | "close" | "error";

const connecting = 0;
const open = 1;
const closed = 3;

/** The class to hand to a client that runs in `process`. */
export function webSocketOf(network: SimNetwork, process: SimProcess): new (url: string) => unknown {
  return class SimWebSocket {
    readonly CONNECTING = connecting;
    readonly OPEN = open;
    readonly CLOSED = closed;
    binaryType = "arraybuffer";
    readyState = connecting;
    onopen: Handler = null;
    onmessage: Handler = null;
    onclose: Handler = null;
    onerror: Handler = null;
    readonly #listeners = new Map<Happening, Set<NonNullable<Handler>>>();
    readonly #line: SimLine;

    constructor(url: string) {
      const { hostname: host, pathname: path } = new URL(url);
      this.#line = network.connect(
        process,
        { host, path },
        {
          opened: () => {
            this.readyState = open;
            this.#tell("open", {});
          },
          frame: (bytes) => this.#tell("message", { data: bytes.buffer }),
          closed: (code, reason) => {
            this.readyState = closed;
            this.#tell("close", { code, reason });
          },
        },
      );
    }

    send(frame: Uint8Array | ArrayBuffer): void {
      if (this.readyState === connecting) throw new Error("InvalidStateError");
      if (this.readyState === open) this.#line.send(frame instanceof Uint8Array ? frame : new Uint8Array(frame));
    }

    close(code?: number): void {
      if (this.readyState === closed) return;
      this.readyState = closed;
      this.#line.close(code);
      process.reach(0.1, "socket closed by us", () => this.#tell("close", { code: code ?? 1005, reason: "" }));
    }

    addEventListener(type: Happening, listener: NonNullable<Handler>): void {
      const listeners = this.#listeners.get(type) ?? new Set();
      this.#listeners.set(type, listeners.add(listener));
    }

    removeEventListener(type: Happening, listener: NonNullable<Handler>): void {
      this.#listeners.get(type)?.delete(listener);
    }

    #tell(type: Happening, event: object): void {
      this[`on${type}`]?.(event as never);
      for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event as never);
    }
  };
}
