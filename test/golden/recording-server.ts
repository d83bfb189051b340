/**
 * RecordingServer: a WebSocket server that answers nothing by itself and keeps what the one client that comes says, step by step.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface RecordedFrame {
  readonly after: string;
  readonly hex: string;
}

export class RecordingServer {
  readonly frames: RecordedFrame[] = [];
  readonly #server: WebSocketServer;
  #step = "open";
  #client: { readonly socket: WebSocket; readonly path: string } | undefined;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async start(): Promise<RecordingServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new RecordingServer(server);
  }

  get address(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Until the client that `connect` made is there. Answers the request target of its upgrade. */
  async opened<Client>(connect: () => Client): Promise<{ readonly client: Client; readonly socket: WebSocket; readonly path: string }> {
    const connection = once(this.#server, "connection") as Promise<[WebSocket, { url: string }]>;
    const client = connect();
    const [socket, { url: path }] = await connection;
    this.#client = { socket, path };
    socket.on("message", (bytes: Buffer) => this.frames.push({ after: this.#step, hex: bytes.toString("hex") }));
    return { client, socket, path };
  }

  /** Does something, and waits until so many frames have come of it. */
  async perform(step: string, expected: number, action: () => void): Promise<void> {
    this.#step = step;
    const before = this.frames.length;
    action();
    while (this.frames.length < before + expected) await once(this.#client!.socket, "message");
  }

  async end(): Promise<void> {
    for (const each of this.#server.clients) each.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }
}
