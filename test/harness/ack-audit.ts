/**
 * AckAudit: whether the copies that acks claim were on disk when the acks left. It judges by system calls alone: an update, known by a
 * token in its text, is on a relay's disk when a sync of the log that began after the token was written to it is over; an ack leaves
 * when the write to the client's socket begins.
 *
 *     a   write [w:1]   sync ───┤                  write "ack 1, 2 copies" ▶ here both syncs must be over
 *     b                  write [w:1]   sync ───┤
 *
 * Where a page of the log holds tokens of earlier transactions, too, only the first time that a token is written counts.
 */
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { bytesWritten, type SystemCall } from "./system-calls.ts";

export const auditedCalls = ["pwrite64", "write", "writev", "sendmsg", "sendto", "fsync", "fdatasync"] as const;
/** A page of the log is written in one call. */
export const auditedBytes = 4_200;

interface Ack {
  readonly at: number;
  readonly port: number;
  readonly number: number;
  readonly copies: number;
}

interface Disk {
  readonly writtenAt: Map<string, number>;
  readonly syncs: { readonly start: number; readonly end: number }[];
}

export interface AckVerdict {
  /** Updates that were acknowledged with at least two copies. */
  readonly saved: number;
  /** Acks that claimed more copies than there were. */
  readonly early: readonly string[];
}

export class AckAudit {
  readonly #origin: string;
  readonly #disks = new Map<string, Disk>();
  readonly #acks: Ack[] = [];
  /** By the client's port: its tokens in the order of their numbers, from 1. */
  readonly #typed = new Map<number, string[]>();

  /** `origin`: whose clients type. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  typed(port: number, token: string): void {
    const tokens = this.#typed.get(port) ?? [];
    this.#typed.set(port, tokens);
    tokens.push(token);
  }

  heard(relay: string, call: SystemCall): void {
    if (call.failed) return;
    if (call.target.endsWith("-wal")) this.#disk(relay, call);
    else if (relay === this.#origin && call.target.startsWith("TCP:[")) this.#said(call);
  }

  verdict(): AckVerdict {
    const savedTo = new Map<number, number>();
    const early: string[] = [];
    const checkedTo = new Map<string, number>();
    for (const { at, port, number, copies } of this.#acks) {
      const tokens = this.#typed.get(port) ?? [];
      const key = `${port} ${copies}`;
      for (const token of tokens.slice(checkedTo.get(key) ?? 0, number)) {
        const holders = [...this.#disks].filter(([, disk]) => durableAt(disk, token) < at).map(([relay]) => relay);
        if (holders.length < copies) early.push(`${token}: ${copies} copies were claimed, on disk at ${holders.join(", ") || "none"}`);
      }
      checkedTo.set(key, Math.max(checkedTo.get(key) ?? 0, number));
      if (copies >= 2) savedTo.set(port, Math.max(savedTo.get(port) ?? 0, number));
    }
    return { saved: [...savedTo.values()].reduce((sum, number) => sum + number, 0), early };
  }

  #disk(relay: string, call: SystemCall): void {
    const disk: Disk = this.#disks.get(relay) ?? { writtenAt: new Map(), syncs: [] };
    this.#disks.set(relay, disk);
    if (call.name !== "pwrite64") disk.syncs.push(call);
    else for (const [token] of call.text.matchAll(/\[\w+:\d+\]/g)) if (!disk.writtenAt.has(token)) disk.writtenAt.set(token, call.end);
  }

  #said(call: SystemCall): void {
    const port = Number(/:(\d+)\]$/.exec(call.target)?.[1]);
    if (!this.#typed.has(port)) return;
    for (const payload of framesOf(bytesWritten(call))) {
      const decoded = decodeRelayMessages(payload);
      if (!decoded.ok) throw new Error(`the relay said something unreadable: ${decoded.refusal.detail}`);
      for (const message of decoded.value)
        if (message.type === "ack") this.#acks.push({ at: call.start, port, number: message.number, copies: message.copies });
    }
  }
}

/** When the first sync is over that began after the token was written; never: infinite. */
function durableAt(disk: Disk, token: string): number {
  const written = disk.writtenAt.get(token);
  if (written === undefined) return Infinity;
  let [low, high] = [0, disk.syncs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (disk.syncs[middle]!.start >= written) high = middle;
    else low = middle + 1;
  }
  return disk.syncs[low]?.end ?? Infinity;
}

/** The payloads of a server's WebSocket frames (RFC 6455, section 5.2), which are not masked; an answer over HTTP before them is passed over. */
function framesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const view = Buffer.from(bytes);
  let at = view.subarray(0, 5).toString("latin1") === "HTTP/" ? view.indexOf("\r\n\r\n") + 4 : 0;
  const payloads: Uint8Array[] = [];
  while (at + 2 <= view.length) {
    const short = view[at + 1]! & 0x7f;
    const [length, start] = short === 126 ? [view.readUInt16BE(at + 2), at + 4] : [short, at + 2];
    if ((view[at]! & 0x0f) === 2) payloads.push(new Uint8Array(view.subarray(start, start + length)));
    at = start + length;
  }
  return payloads;
}
