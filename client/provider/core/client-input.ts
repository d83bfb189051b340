/**
 * ClientInput: everything that the client's core is told. It asks for nothing; what it wants done it says as effects,
 * and their outcome comes back here.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Access } from "@inkmesh/shared/wire/client-message";
import type { OutboxEntry, OutboxKey } from "./outbox-entry.ts";

export type ClientInput =
  | { readonly type: "room-opened"; readonly room: RoomName; readonly access: Access }
  /** The device's copy is in the document; `entries` are those that this client is to send. */
  | {
      readonly type: "room-loaded";
      readonly room: RoomName;
      readonly generation: number | undefined;
      readonly clock: VectorClock;
      /** Empty: none. */
      readonly token: string;
      readonly entries: readonly OutboxEntry[];
    }
  | { readonly type: "room-closed"; readonly room: RoomName }
  /** Local edits. Entries that are known already are ignored. */
  | { readonly type: "edited"; readonly room: RoomName; readonly entries: readonly OutboxEntry[] }
  /** Edits of another tab that are to be sent from here; `leftBehind`: that tab is gone. */
  | { readonly type: "adopted"; readonly room: RoomName; readonly entries: readonly OutboxEntry[]; readonly leftBehind: boolean }
  /** While held no edit is sent: others that come before them may be adopted in a moment. */
  | { readonly type: "edits-held"; readonly room: RoomName; readonly held: boolean }
  /** Another tab got these saved, or refused for good. */
  | { readonly type: "settled-elsewhere"; readonly room: RoomName; readonly keys: readonly OutboxKey[] }
  /** Answers `read-state`. */
  | { readonly type: "state-read"; readonly room: RoomName; readonly stateVector: Uint8Array }
  /**
   * Answers the `make-difference` that asked for one with `containing`, in pieces, each after what it builds on; none: nothing that
   * would have to be sent. The session that asked may be over by then, and the edit settled by another tab.
   */
  | {
      readonly type: "difference-made";
      readonly room: RoomName;
      readonly containing: Uint8Array | undefined;
      readonly updates: readonly Uint8Array[];
    }
  /** Another tab, or the store, knows which generation this document is. */
  | { readonly type: "generation-told"; readonly room: RoomName; readonly generation: number }
  /** The device's store was emptied: what an outbox there held may be in the document alone by now. */
  | { readonly type: "store-emptied"; readonly room: RoomName }
  /** An awareness update of this client, in y-protocols' encoding. */
  | { readonly type: "presence-changed"; readonly room: RoomName; readonly bytes: Uint8Array }
  /** Answers `recall-relays`. */
  | { readonly type: "relays-remembered"; readonly addresses: readonly string[] }
  | { readonly type: "work-offline"; readonly offline: boolean }
  /** The browser says that the network came or went: look now, do not wait for a timer. */
  | { readonly type: "network-changed" }
  | { readonly type: "socket-opened"; readonly socket: number }
  | { readonly type: "frame-received"; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly type: "socket-closed"; readonly socket: number; readonly code: number }
  /** A deadline of `nextDeadline()` has come. */
  | { readonly type: "deadline-reached" }
  /** No more input this turn: what was held together for one frame goes out now. */
  | { readonly type: "turn-ended" };
