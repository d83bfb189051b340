/**
 * SimWebSocket: the `WebSocket` of one process, over the simulated network. Our client and the released y-websocket
 * client use it as they use a browser's.
 */
import type { SimLine, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./world.ts";

type Handler = ((event: never) => void) | null;

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
    readonly #line: SimLine;

    constructor(url: string) {
      const { hostname: host, pathname: path } = new URL(url);
      this.#line = network.connect(
        process,
        { host, path },
        {
          opened: () => {
            this.readyState = open;
            this.onopen?.({} as never);
          },
          frame: (bytes) => this.onmessage?.({ data: bytes.buffer } as never),
          closed: (code, reason) => {
            this.readyState = closed;
            this.onclose?.({ code, reason } as never);
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
      process.reach(0.1, "socket closed by us", () => this.onclose?.({ code: code ?? 1005, reason: "" } as never));
    }
  };
}
