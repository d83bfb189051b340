/**
 * ClientEffect: everything that the client's core wants done, in order. A send may be lost; the core is correct
 * without delivery.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { OutboxEntry } from "./outbox-entry.ts";

export type ClientEffect =
  /** To the relay at `address`, as the application or a relay said it. */
  | { readonly type: "connect"; readonly socket: number; readonly address: string }
  /** Answer with `relays-remembered`, if there is something that `keep-relays` said when this client ran last. */
  | { readonly type: "recall-relays" }
  /** Where there are relays beside those that the application gave: for the next time. */
  | { readonly type: "keep-relays"; readonly addresses: readonly string[] }
  | { readonly type: "send"; readonly socket: number; readonly frame: Uint8Array }
  | { readonly type: "disconnect"; readonly socket: number; readonly code: number }
  /** Answer with `state-read`: the document's state vector as it is now. */
  | { readonly type: "read-state"; readonly room: RoomName }
  /**
   * Answer with `difference-made`: what the document has beyond `stateVector`, or nothing when all of that is in
   * `unless`, updates that are being sent anyway, or when the document cannot show the edit `containing`: it hangs on
   * something that never came here. That one may take its time. With `unlessContent` only the deletions within `stateVector`
   * are asked for that are not in `unless`, or nothing when the content hashes to that but for those. Without all three
   * there is always an answer.
   */
  | {
      readonly type: "make-difference";
      readonly room: RoomName;
      readonly stateVector: Uint8Array;
      readonly unless: readonly Uint8Array[] | undefined;
      readonly containing: Uint8Array | undefined;
      readonly unlessContent: string | undefined;
    }
  /** To be stored on this device and applied to the document in one transaction. */
  | { readonly type: "apply-remote"; readonly room: RoomName; readonly updates: readonly Uint8Array[] }
  /** Everything that `clock` and `token` name has been handed over before; they may be kept only together with that or after it. */
  | {
      readonly type: "clock-reached";
      readonly room: RoomName;
      readonly generation: number;
      readonly clock: VectorClock;
      /** Empty: none yet. */
      readonly token: string;
    }
  /** All that the relay had is here; `isReturn`: what it sent was missed in an absence. */
  | { readonly type: "synced"; readonly room: RoomName; readonly isReturn: boolean }
  /** On enough disks: these leave the device's outbox and join its stored updates. */
  | { readonly type: "saved"; readonly room: RoomName; readonly entries: readonly OutboxEntry[] }
  /** The relay will never take this edit: keep it aside on the device. */
  | { readonly type: "set-aside"; readonly room: RoomName; readonly entry: OutboxEntry; readonly refusal: Refusal }
  /** An absence is over: its edits are saved, and all that the relay had is here. */
  | { readonly type: "returned"; readonly room: RoomName; readonly awayMs: number; readonly sent: number; readonly isMissedExact: boolean }
  /** A session is open: say who is here. */
  | { readonly type: "presence-wanted"; readonly room: RoomName }
  | { readonly type: "apply-presence"; readonly room: RoomName; readonly bytes: Uint8Array }
  /** So many are in the room; 0: everybody is shown. */
  | { readonly type: "presence-counted"; readonly room: RoomName; readonly present: number }
  /** The line is gone: nobody else can be seen. */
  | { readonly type: "presence-lost"; readonly room: RoomName }
  | { readonly type: "deleted"; readonly room: RoomName; readonly by: string; readonly atMs: number }
  | { readonly type: "refused"; readonly room: RoomName; readonly refusal: Refusal };
