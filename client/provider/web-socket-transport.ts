/**
 * WebSocketTransport: one WebSocket to a relay. Binary frames in and out, nothing else; when to connect, what to say and
 * when to give up is decided by the core.
 *
 * Invariant: after `closed` was reported, or `close` called, a socket reports nothing any more.
 */

/** The part of the browser's WebSocket that is used; `ws` for Node has it too. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState?: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

/** `WebSocket.OPEN`. */
const open = 1;

export type WebSocketConstructor = new (url: string) => WebSocketLike;

export interface TransportListener {
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** `code`: the WebSocket close code; 1006 when the line broke or never came up. */
  closed(code: number): void;
}

export class WebSocketTransport {
  readonly #socket: WebSocketLike;
  #listener: TransportListener | undefined;

  constructor(options: { url: string; WebSocket: WebSocketConstructor; listener: TransportListener }) {
    this.#listener = options.listener;
    this.#socket = new options.WebSocket(options.url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#listener?.opened();
    this.#socket.onmessage = (event: { data: unknown }) => {
      if (event.data instanceof ArrayBuffer) this.#listener?.frame(new Uint8Array(event.data));
    };
    this.#socket.onclose = (event: { code?: number }) => this.#closed(event.code ?? 1006);
    // An error is always followed by a close, which says all there is to say.
    this.#socket.onerror = () => {};
  }

  send(frame: Uint8Array): void {
    // What a closing socket is given goes nowhere, and browsers complain of it to the console.
    if (this.#listener === undefined || (this.#socket.readyState ?? open) > open) return;
    try {
      this.#socket.send(frame as Uint8Array<ArrayBuffer>);
    } catch {
      // A socket that is closing already: its close event follows.
    }
  }

  close(code: number): void {
    this.#listener = undefined;
    try {
      this.#socket.close(code);
    } catch {
      // It never opened.
    }
  }

  #closed(code: number): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(code);
  }
}

/** The WebSocket of this environment; throws a sentence where there is none. */
export function findWebSocket(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const found = given ?? (globalThis.WebSocket as unknown as WebSocketConstructor | undefined);
  if (found !== undefined) return found;
  throw new Error('This environment has no WebSocket. Pass one, e.g. from the package "ws": new Inkmesh({ url, WebSocket }).');
}
