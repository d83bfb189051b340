/**
 * TypingLoad: many raw y-websocket clients in this process, typing in rooms, in one of two ways.
 *
 * - At a pace (open loop): each writer types so many characters per second, whatever comes back. Latency is from the
 *   writing of a frame to its arrival at another client.
 * - As fast as possible (closed loop): each writer has a window of characters that the last reader of its room has not
 *   seen yet. The figure is how many messages were delivered per second of the server's processor time.
 */
import { WebSocket } from "ws";
import { pause, until } from "../harness/until.ts";
import { keystrokeFrame, readKeystroke } from "./keystroke.ts";
import { percentile } from "./percentile.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

export interface LoadShape {
  readonly rooms: number;
  readonly writersPerRoom: number;
  readonly readersPerRoom: number;
  readonly seconds: number;
  /** Characters per second and writer; undefined: as fast as possible. */
  readonly pace?: number;
  /** Characters in flight per writer, as fast as possible. */
  readonly window?: number;
}

export interface LoadFigures {
  readonly deliveredPerSecond: number;
  readonly deliveredPerCpuSecond: number;
  readonly cpuMsPerThousand: number;
  readonly p50: number;
  readonly p99: number;
}

interface Writer {
  readonly socket: WebSocket;
  readonly author: number;
  typed: number;
  /** What its room's last client has seen of it. */
  seen: number;
  readonly writtenAt: number[];
}

interface Room {
  readonly writers: readonly Writer[];
  readonly sockets: readonly WebSocket[];
}

const tickMs = 4;

export class TypingLoad {
  readonly #shape: LoadShape;
  readonly #server: ServerUnderTest;
  #rooms: readonly Room[] = [];
  #delivered = 0;
  #latencies: number[] = [];
  #closed = 0;
  #typing = false;

  constructor(server: ServerUnderTest, shape: LoadShape) {
    this.#server = server;
    this.#shape = shape;
  }

  async run(): Promise<LoadFigures> {
    this.#rooms = await Promise.all(Array.from({ length: this.#shape.rooms }, (_, index) => this.#aRoom(`bench-${index}`)));
    await this.#type(0.5); // Warm: code compiled, rooms loaded.
    await this.#drained();
    this.#delivered = 0;
    this.#latencies = [];
    const cpuBefore = this.#server.cpuSeconds();
    const startedAt = performance.now();
    await this.#type(this.#shape.seconds);
    const seconds = (performance.now() - startedAt) / 1000;
    await this.#drained();
    const cpu = this.#server.cpuSeconds() - cpuBefore;
    if (this.#closed > 0) throw new Error(`${this.#closed} clients were sent away during the load`);
    for (const room of this.#rooms) for (const socket of room.sockets) socket.terminate();
    return {
      deliveredPerSecond: this.#delivered / seconds,
      deliveredPerCpuSecond: this.#delivered / cpu,
      cpuMsPerThousand: (cpu * 1e6) / this.#delivered,
      p50: percentile(this.#latencies, 0.5),
      p99: percentile(this.#latencies, 0.99),
    };
  }

  async #aRoom(name: string): Promise<Room> {
    const { writersPerRoom, readersPerRoom } = this.#shape;
    const sockets = await Promise.all(Array.from({ length: writersPerRoom + readersPerRoom }, () => joined(this.#server, name)));
    const writers = sockets
      .slice(0, writersPerRoom)
      .map((socket, index) => ({ socket, author: index + 1, typed: 0, seen: 0, writtenAt: [] }));
    const byAuthor = new Map<number, Writer>(writers.map((writer) => [writer.author, writer]));
    for (const [index, socket] of sockets.entries()) {
      // With readers the last of them measures; where everybody writes, each is measured by the next.
      const measures = readersPerRoom > 0 ? index === sockets.length - 1 : true;
      socket.on("message", (data: Buffer) => this.#received(byAuthor, data, index + 1, measures));
      socket.on("close", () => (this.#closed += 1));
    }
    return { writers, sockets };
  }

  #received(writers: ReadonlyMap<number, Writer>, data: Buffer, receiver: number, measures: boolean): void {
    const stroke = readKeystroke(data);
    if (stroke === undefined || stroke.author === receiver) return; // Nor does an echo count as delivered.
    this.#delivered += 1;
    const writer = writers.get(stroke.author);
    if (!measures || writer === undefined) return;
    if (writers.size > 1 && receiver !== witnessOf(stroke.author, writers.size)) return;
    writer.seen = stroke.clock + 1;
    this.#latencies.push(performance.now() - writer.writtenAt[stroke.clock % ringSize]!);
    if (this.#shape.pace === undefined && this.#typing) this.#fill(writer);
  }

  async #type(seconds: number): Promise<void> {
    const { pace } = this.#shape;
    const writers = this.#rooms.flatMap((room) => room.writers);
    this.#typing = true;
    if (pace === undefined) {
      for (const writer of writers) this.#fill(writer);
      await pause(seconds * 1000); // The load runs by itself: each arrival types the next.
    } else await this.#atAPace(writers, pace, seconds);
    this.#typing = false;
  }

  async #atAPace(writers: readonly Writer[], pace: number, seconds: number): Promise<void> {
    const startedAt = performance.now();
    const already = writers.map((writer) => writer.typed);
    for (let now = startedAt; now - startedAt < seconds * 1000; now = performance.now()) {
      for (const [index, writer] of writers.entries()) {
        // Writers are spread over the interval, so that they do not all type in one turn.
        const due = Math.floor(((now - startedAt) / 1000) * pace + index / writers.length);
        while (writer.typed - already[index]! < due) this.#typeOne(writer);
      }
      await pause(tickMs); // The clock of the pace.
    }
  }

  #fill(writer: Writer): void {
    while (writer.typed - writer.seen < (this.#shape.window ?? 1)) this.#typeOne(writer);
  }

  #typeOne(writer: Writer): void {
    writer.writtenAt[writer.typed % ringSize] = performance.now();
    writer.socket.send(keystrokeFrame(writer.author, writer.typed));
    writer.typed += 1;
  }

  async #drained(): Promise<void> {
    const writers = this.#rooms.flatMap((room) => room.writers);
    await until("everything typed has arrived", () => writers.every((writer) => writer.seen === writer.typed), {
      timeoutMs: 30_000,
      seen: () => writers.filter((writer) => writer.seen !== writer.typed).length,
    });
  }
}

/** Written-at times are kept for so many characters; far more than are ever in flight. */
const ringSize = 65_536;

/** Where everybody writes: the next client measures. */
function witnessOf(author: number, clients: number): number {
  return (author % clients) + 1;
}

/** A client that has what its room held; the broadcaster answers nothing, so there it is enough to be connected. */
async function joined(server: ServerUnderTest, room: string): Promise<WebSocket> {
  const socket = new WebSocket(server.room(room), { perMessageDeflate: false, skipUTF8Validation: true });
  await new Promise<void>((done, fail) => socket.once("open", done).once("error", fail));
  const synced = new Promise<void>((done) => {
    const listen = (frame: Buffer): void => {
      if (frame[0] !== 0 || frame[1] !== 1) return;
      socket.off("message", listen);
      done();
    };
    if (server.relay === undefined) done();
    else socket.on("message", listen);
  });
  socket.send(Uint8Array.of(0, 0, 1, 0)); // A y-websocket client's first word: "I have nothing".
  await synced;
  return socket;
}
