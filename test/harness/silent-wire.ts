/**
 * SilentWire: stands before a relay, as a network does that forgets connections: what was connected when it fell silent carries nothing any
 * more, in neither direction, and nobody is told (no FIN, no RST). New connections pass.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class SilentWire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #silent = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (near) => this.#join(near, connect(port, "127.0.0.1")));
  }

  static async before({ port }: { readonly port: number }): Promise<SilentWire> {
    const server = createServer();
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
    return new SilentWire(server, port);
  }

  socketUrl(path: string): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  fallSilent(): void {
    for (const socket of this.#sockets) {
      for (const event of ["data", "end", "close"]) socket.removeAllListeners(event);
      this.#silent.add(socket.pause());
    }
    this.#sockets.clear();
  }

  end(): Promise<unknown> {
    for (const socket of [...this.#sockets, ...this.#silent]) socket.destroy();
    return new Promise((closed) => this.#server.close(closed));
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("data", (bytes) => other.write(bytes));
      socket.on("end", () => other.end());
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
