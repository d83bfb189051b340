/**
 * Line: a connection, as its sessions see it.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { Opening, SessionMessage } from "./session-message.ts";

export interface Line {
  readonly id: ConnectionId;
  readonly dialect: Dialect;
  readonly principal: string;
  /** It speaks a version that has a word for being behind. */
  readonly hearsBehind: boolean;
  /** It speaks a version that has a word for how many are in a room. */
  readonly hearsCount: boolean;
  /** Of which disks it is to be told what heads documents have there. */
  readonly wantedHeads: ReadonlySet<string>;
  /** So much is unsent that cursors are left out. */
  readonly isCongested: boolean;
  /** It asked for more state than it may before it has read some. */
  readonly isOwedTooMuch: boolean;
  send(message: RelayMessage): void;
  sendFrames(frames: readonly Uint8Array[]): void;
  /** As `sendFrames`, for a state that the client asked for: its size is not the client's slowness. */
  sendState(frames: readonly Uint8Array[]): void;
  /** Something is on its way to this socket by an effect for many. */
  noteSent(): void;
  /** Counts what an answer costs against the client's rate. */
  charge(bytes: number): void;
  /** Stops or goes on reading while the disk takes nothing. */
  holdForStore(isHeld: boolean): void;
  /** Ends the channel (or the connection, where it has one room) with a last word to the client. */
  endChannel(channel: number, last: RelayMessage, refusal: Refusal): void;
  /**
   * The document could not be read: its session ends, and another one begins later, with what the client has `said`. Answers whether that is
   * done: not where nothing else is served on the connection, which is better off at another relay then.
   */
  postpone(opening: Opening, said: readonly SessionMessage[], refusal: Refusal): boolean;
  /** Ends the whole connection. */
  refuse(refusal: Refusal): void;
}

/** A connection, as one of its sessions speaks on it: as its client expects it of that document, and not at all once it has let go of that. */
export class SessionLine implements Line {
  readonly dialect: Dialect;
  readonly #line: Line;
  #isMuted = false;

  constructor(line: Line, dialect: Dialect) {
    this.#line = line;
    this.dialect = dialect;
  }

  /** The client may have opened the document anew meanwhile: it would take what is said for what it is told there. */
  mute(): void {
    this.#isMuted = true;
  }

  get id(): ConnectionId {
    return this.#line.id;
  }

  get principal(): string {
    return this.#line.principal;
  }

  get hearsBehind(): boolean {
    return this.#line.hearsBehind;
  }

  get hearsCount(): boolean {
    return this.#line.hearsCount;
  }

  get wantedHeads(): ReadonlySet<string> {
    return this.#line.wantedHeads;
  }

  get isCongested(): boolean {
    return this.#line.isCongested;
  }

  get isOwedTooMuch(): boolean {
    return this.#line.isOwedTooMuch;
  }

  send(message: RelayMessage): void {
    this.sendFrames(this.dialect.encode(message));
  }

  sendFrames(frames: readonly Uint8Array[]): void {
    if (!this.#isMuted) this.#line.sendFrames(frames);
  }

  sendState(frames: readonly Uint8Array[]): void {
    if (!this.#isMuted) this.#line.sendState(frames);
  }

  noteSent(): void {
    this.#line.noteSent();
  }

  charge(bytes: number): void {
    this.#line.charge(bytes);
  }

  holdForStore(isHeld: boolean): void {
    this.#line.holdForStore(isHeld);
  }

  endChannel(channel: number, last: RelayMessage, refusal: Refusal): void {
    this.#line.endChannel(channel, last, refusal);
  }

  postpone(opening: Opening, said: readonly SessionMessage[], refusal: Refusal): boolean {
    return this.#line.postpone(opening, said, refusal);
  }

  refuse(refusal: Refusal): void {
    this.#line.refuse(refusal);
  }
}
