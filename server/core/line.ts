/**
 * Line: a connection, as its sessions see it.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { Opening, SessionMessage } from "./session-message.ts";

/** `line`, speaking as its client expects it of one document. */
export function lineIn(line: Line, dialect: Dialect): Line {
  if (dialect === line.dialect) return line;
  return {
    id: line.id,
    dialect,
    principal: line.principal,
    get hearsBehind() {
      return line.hearsBehind;
    },
    get hearsCount() {
      return line.hearsCount;
    },
    get isCongested() {
      return line.isCongested;
    },
    get isOwedTooMuch() {
      return line.isOwedTooMuch;
    },
    send: (message) => line.sendFrames(dialect.encode(message)),
    sendFrames: (frames) => line.sendFrames(frames),
    sendState: (frames) => line.sendState(frames),
    noteSent: () => line.noteSent(),
    charge: (bytes) => line.charge(bytes),
    holdForStore: (isHeld) => line.holdForStore(isHeld),
    endChannel: (channel, last, refusal) => line.endChannel(channel, last, refusal),
    postpone: (opening, said, refusal) => line.postpone(opening, said, refusal),
    refuse: (refusal) => line.refuse(refusal),
  };
}

export interface Line {
  readonly id: ConnectionId;
  readonly dialect: Dialect;
  readonly principal: string;
  /** It speaks a version that has a word for being behind. */
  readonly hearsBehind: boolean;
  /** It speaks a version that has a word for how many are in a room. */
  readonly hearsCount: boolean;
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
  /** The document could not be read: its session ends, and another one begins later, with what the client has `said`. */
  postpone(opening: Opening, said: readonly SessionMessage[], refusal: Refusal): void;
  /** Ends the whole connection. */
  refuse(refusal: Refusal): void;
}
