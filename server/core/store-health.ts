/**
 * StoreHealth: whether this relay may take updates at all, as far as its disk is concerned.
 *
 *     well ──an append fails──▶ failing ──every failed append was repeated──▶ well
 *          ──too much waits───▶ busy    ──half of it is on disk────────────▶ well
 *
 * A full disk is every room's trouble, so one failing room refuses updates everywhere: what is refused stays on the
 * client's device and is sent again; what would be taken would pile up in memory.
 *
 * Invariants: what was admitted before is kept and appended again; patients are told once, when it is over.
 */
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { RoomName } from "@inkmesh/shared/base/ids";

/** Somebody who waits until updates are taken again. */
export interface Patient {
  storeRecovered(): void;
}

export class StoreHealth {
  readonly #waitingBytesMax: number;
  readonly #failing = new Map<RoomName, ErrorCode>();
  readonly #patients = new Set<Patient>();
  #waitingBytes = 0;
  #busy = false;

  constructor(options: { waitingBytesMax: number }) {
    this.#waitingBytesMax = options.waitingBytesMax;
  }

  /** Why updates are refused now; undefined when they are taken. */
  get refusal(): ErrorCode | undefined {
    for (const code of this.#failing.values()) return code;
    return this.#busy ? "RELAY_BUSY" : undefined;
  }

  get isFailing(): boolean {
    return this.#failing.size > 0;
  }

  /** Payload bytes of all rooms that are not on disk. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  admitted(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > this.#waitingBytesMax) this.#busy = true;
  }

  stored(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes * 2 > this.#waitingBytesMax) return;
    this.#busy = false;
    this.#dismiss();
  }

  failed(room: RoomName, code: ErrorCode): void {
    this.#failing.set(room, code);
  }

  /** The room has nothing left that failed. */
  recovered(room: RoomName): void {
    if (this.#failing.delete(room)) this.#dismiss();
  }

  /** `patient` is told when updates are taken again. */
  wait(patient: Patient): void {
    this.#patients.add(patient);
  }

  leave(patient: Patient): void {
    this.#patients.delete(patient);
  }

  #dismiss(): void {
    if (this.refusal !== undefined || this.#patients.size === 0) return;
    const patients = [...this.#patients];
    this.#patients.clear();
    for (const patient of patients) patient.storeRecovered();
  }
}
