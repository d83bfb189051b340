/**
 * SocketLoad: how much one socket brings in and how much of what it is sent it takes.
 *
 * In: two token buckets, updates and bytes. A client over its rate is not read until its debt is paid; nothing is lost.
 * Out: the socket's unsent bytes. Above `backlogSheddingBytes` cursors are left out; above `backlogBytesMax` the client
 * is too slow. A state that it asked for does not count as slowness until it has had time to read it; past a room's
 * largest size of such states it has to read before it may ask for more.
 *
 * Invariants: one reason to pause is enough; reading goes on when the last one is gone.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import type { RelayContext } from "./relay-context.ts";
import { TokenBucket } from "./token-bucket.ts";

type Pause = "rate" | "store";

export class SocketLoad {
  readonly #context: RelayContext;
  readonly #connection: ConnectionId;
  readonly #updates: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #pauses = new Set<Pause>();
  #backlog = 0;
  #allowance = 0;

  constructor(context: RelayContext, connection: ConnectionId) {
    const { updatesPerSecond, updatesBurst, bytesPerSecond, bytesBurst } = context.limits;
    const { monotonicMs: nowMs } = context.now;
    this.#context = context;
    this.#connection = connection;
    this.#updates = new TokenBucket({ perSecond: updatesPerSecond, burst: updatesBurst, nowMs });
    this.#bytes = new TokenBucket({ perSecond: bytesPerSecond, burst: bytesBurst, nowMs });
  }

  /** How many sessions wait for the disk. */
  #storeHolds = 0;

  get isCongested(): boolean {
    return this.#backlog > this.#context.limits.backlogSheddingBytes;
  }

  /** States are on their way that are larger together than any room: more is for a client that reads. */
  get isOwedTooMuch(): boolean {
    return this.#allowance > this.#context.limits.roomBytesMax;
  }

  /** Any message costs what one update costs, a list of updates as many. */
  received(bytes: number, messages: readonly ClientMessage[]): void {
    let count = messages.length === 0 ? 1 : 0;
    for (const message of messages) count += message.type === "updates" ? Math.max(1, message.updates.length) : 1;
    const { monotonicMs: nowMs } = this.#context.now;
    this.#slowDown(Math.max(this.#updates.spend(count, nowMs), this.#bytes.spend(bytes, nowMs)));
  }

  charge(bytes: number): void {
    this.#slowDown(this.#bytes.spend(bytes, this.#context.now.monotonicMs));
  }

  resumeDue(): void {
    this.#resume("rate");
  }

  /** For each session of the socket that waits for the disk, once. */
  holdForStore(isHeld: boolean): void {
    this.#storeHolds += isHeld ? 1 : -1;
    if (this.#storeHolds > 0) this.#pause("store");
    else this.#resume("store");
  }

  /** A state is on its way that the client asked for. */
  allow(frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#allowance += frame.length;
    this.#allowance = Math.min(this.#allowance, 2 * this.#context.limits.roomBytesMax);
  }

  /** It had time to read what it asked for. */
  forgive(): void {
    if (!this.isCongested) this.#allowance = 0;
  }

  backlogChanged(bytes: number): "too-slow" | "relieved" | "unchanged" {
    const wasCongested = this.isCongested;
    this.#backlog = bytes;
    if (bytes > this.#context.limits.backlogBytesMax + this.#allowance) return "too-slow";
    if (this.isCongested) return "unchanged";
    this.#allowance = 0;
    return wasCongested ? "relieved" : "unchanged";
  }

  #slowDown(debtMs: number): void {
    if (debtMs <= 0) return;
    this.#pause("rate");
    this.#context.deadlines.set({ type: "resume-reading", connection: this.#connection }, this.#context.now.monotonicMs + debtMs);
  }

  #pause(reason: Pause): void {
    if (this.#pauses.size === 0) this.#context.effect({ type: "pause-reading", connection: this.#connection, paused: true });
    this.#pauses.add(reason);
  }

  #resume(reason: Pause): void {
    if (this.#pauses.delete(reason) && this.#pauses.size === 0) {
      this.#context.effect({ type: "pause-reading", connection: this.#connection, paused: false });
    }
  }
}
