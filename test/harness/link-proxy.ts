/**
 * LinkProxy: stands before one relay, where the others dial it, and treats the links as a network does. Who dials is read from the
 * address in the first frame; nothing else of the product is known here.
 *
 *     open      bytes pass at once, or after a delay
 *     held      bytes of that direction wait, in order, and are delivered when it is open again: a partition that nobody is told of
 *     broken    sockets are reset, and a new one as soon as it has said whose it is
 *
 * A direction is "to" the relay behind the proxy, or "from" it. What a link does is decided when bytes come, not when it began.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { decodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";

export type Direction = "to" | "from";
export type Treatment = "open" | "held" | "broken";

/** How a link is treated that the relay at the address `dialler` began. */
export interface Weather {
  treatment(dialler: string, direction: Direction): Treatment;
  delayMs(dialler: string): number;
}

export class LinkProxy {
  /** Where the others dial. */
  readonly address: string;
  readonly #server: Server;
  readonly #target: number;
  readonly #weather: () => Weather;
  readonly #links = new Set<Link>();
  /** Bytes that came, in both directions: WebSocket frames, and the HTTP before them. */
  bytes = 0;

  private constructor(server: Server, target: number, weather: () => Weather) {
    this.#server = server;
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mesh`;
    this.#target = target;
    this.#weather = weather;
    server.on("connection", (near) => this.#accept(near));
  }

  /** Before a relay that listens at `target`, now or later. `weather` is asked for every chunk. */
  static async before(target: number, weather: () => Weather): Promise<LinkProxy> {
    const server = createServer();
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
    return new LinkProxy(server, target, weather);
  }

  /** The weather has changed: delivers what need not wait any more, and resets what is broken. */
  look(): void {
    for (const link of this.#links) link.look();
  }

  async end(): Promise<void> {
    for (const link of this.#links) link.reset();
    await new Promise((closed) => this.#server.close(closed));
  }

  #accept(near: Socket): void {
    const far = connect(this.#target, "127.0.0.1");
    for (const socket of [near, far]) socket.on("data", ({ length }) => (this.bytes += length));
    const link = new Link(near, far, this.#weather, () => this.#links.delete(link));
    this.#links.add(link);
  }
}

/** One connection and the one behind it. */
class Link {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #weather: () => Weather;
  readonly #waiting: Record<Direction, Buffer[]> = { to: [], from: [] };
  /** Whose end of it has closed: the other one is told when what was said before has been delivered. */
  readonly #over: Record<Direction, boolean> = { to: false, from: false };
  readonly #dialler = new DiallerWatch();

  constructor(near: Socket, far: Socket, weather: () => Weather, ended: () => void) {
    this.#near = near;
    this.#far = far;
    this.#weather = weather;
    near.on("data", (bytes) => {
      this.#dialler.watch(bytes);
      this.#came("to", bytes);
    });
    far.on("data", (bytes) => this.#came("from", bytes));
    for (const [socket, direction] of [
      [near, "to"],
      [far, "from"],
    ] as const) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#over[direction] = true;
        this.#deliver(direction);
        if (near.destroyed && far.destroyed) ended();
      });
    }
  }

  look(): void {
    for (const direction of ["to", "from"] as const) this.#deliver(direction);
  }

  reset(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  #came(direction: Direction, bytes: Buffer): void {
    this.#waiting[direction].push(bytes);
    const { address } = this.#dialler;
    const delayMs = address === undefined ? 0 : this.#weather().delayMs(address);
    if (delayMs > 0) setTimeout(() => this.#deliver(direction), delayMs);
    else this.#deliver(direction);
  }

  #deliver(direction: Direction): void {
    const { address } = this.#dialler;
    const treatment = address === undefined ? "open" : this.#weather().treatment(address, direction);
    if (treatment === "broken") return this.reset();
    if (treatment === "held") return;
    const socket = direction === "to" ? this.#far : this.#near;
    for (const bytes of this.#waiting[direction].splice(0)) if (!socket.destroyed) socket.write(bytes);
    if (this.#over[direction]) socket.end();
  }
}

/** Reads the address of who dials from the first WebSocket frame (RFC 6455, section 5.2) after the HTTP request. */
class DiallerWatch {
  address: string | undefined;
  #bytes: Buffer | undefined = Buffer.alloc(0);

  watch(more: Buffer): void {
    if (this.#bytes === undefined) return;
    this.#bytes = Buffer.concat([this.#bytes, more]);
    const frame = firstFrame(this.#bytes);
    if (frame === undefined) return;
    this.#bytes = undefined;
    const hello = decodeHandshake(frame);
    if (hello.ok && hello.value.type === "hello") this.address = hello.value.address;
  }
}

/** The unmasked payload of the first frame, which is a short one; undefined while it is not whole. */
function firstFrame(bytes: Buffer): Uint8Array | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0 || bytes.length < head + 6) return undefined;
  const frame = bytes.subarray(head + 4);
  const short = frame[1]! & 0x7f;
  const start = short === 126 ? 8 : 6;
  if (frame.length < start) return undefined;
  const length = short === 126 ? frame.readUInt16BE(2) : short;
  if (frame.length < start + length) return undefined;
  const mask = frame.subarray(start - 4, start);
  return frame.subarray(start, start + length).map((byte, index) => byte ^ mask[index % 4]!);
}
