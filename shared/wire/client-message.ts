/**
 * What clients and relays say to each other, whatever the dialect. A dialect turns bytes into `ClientMessage`s and
 * `RelayMessage`s into frames; the relay's core knows only these.
 *
 * Channels: our own protocol carries many rooms on one socket. A client names a room by a `channel` that it picks
 * itself; a relay names it by a `handle` that is the same for all its clients, so that a frame for many sockets is
 * encoded once. Dialects with one room per socket use channel 0.
 *
 * Numbers: a client numbers its updates 1, 2, 3 … per session. Acks are cumulative. After a refusal (`nack`) of number
 * k the relay ignores what else is under way and goes on only when it is sent number k again (go-back-N): for a gap
 * the client sends, as k, everything that the relay lacks; for a final refusal it sets the update aside and gives the
 * number to the next.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Hlc } from "../clock/hybrid-logical-clock.ts";
import type { VectorClock } from "../clock/vector-clock.ts";
import type { UpdateKind } from "../engine/crdt-engine.ts";
import type { HeadsAt } from "./automerge-repo.ts";
import type { SyncMessage } from "./automerge-sync.ts";

export type Access = "read-write" | "read-only";

/** How safe an update is: on how many replicas' disks of how many, and whether that is enough to call it saved. */
export interface Durability {
  /** Replicas of the room that hold it on disk. */
  readonly copies: number;
  /** Replicas that the room has. */
  readonly replicas: number;
  /** Copies that "saved" needs. */
  readonly needed: number;
}

/** The hybrid logical clock's stamp of the newest durable entry, for people to read; absent where it is not known. */
export type Stamp = Pick<Hlc, "physicalMs" | "logical">;

/**
 * What a relay lacks of what its client has seen elsewhere, by its token: nothing (any more), something that other relays may
 * have, or something that no relay has: only the client can bring it back.
 */
export type Lacking = "nothing" | "awaited" | "lost";

export type ClientMessage =
  | { readonly type: "hello"; readonly version: number; readonly agent: string; readonly credential: string }
  | {
      readonly type: "open";
      readonly channel: number;
      /** As the client says it: the relay judges it, so that a bad name ends its channel and not the connection. */
      readonly room: string;
      /** The generation that the client's copy belongs to; undefined when it has none yet. */
      readonly generation: number | undefined;
      readonly access: Access;
      /** The session token of an earlier session, empty at first. */
      readonly token: string;
      /** What it has by entries; empty when it has none. */
      readonly clock: VectorClock;
      readonly stateVector: Uint8Array;
      /** What frames about it begin with, in dialects whose frames name documents. */
      readonly address?: string;
      /** What the client shows for this document, where it does not show one for all by its `hello`; a Hocuspocus client may show it later. */
      readonly credential?: string;
    }
  /** What the client shows for a document that it has asked for already. */
  | { readonly type: "credential"; readonly channel: number; readonly credential: string }
  | { readonly type: "close"; readonly channel: number }
  | { readonly type: "sync-request"; readonly channel: number; readonly stateVector: Uint8Array }
  | {
      readonly type: "updates";
      readonly channel: number;
      /** The number of the first; undefined in dialects without acks. */
      readonly first: number | undefined;
      readonly kind: UpdateKind;
      readonly updates: readonly Uint8Array[];
    }
  /** An awareness update in y-protocols' encoding. */
  | { readonly type: "presence"; readonly channel: number; readonly bytes: Uint8Array }
  | { readonly type: "presence-query"; readonly channel: number }
  /** Who the client says that it is; whether it speaks a version that is understood here. For automerge-repo. */
  | { readonly type: "join"; readonly peer: string; readonly isUnderstood: boolean }
  /** A message of Automerge's sync protocol. `isRequest`: it has nothing of the document, and wants to be told if there is nothing here. */
  | { readonly type: "sync"; readonly channel: number; readonly isRequest: boolean; readonly message: SyncMessage }
  /** How far documents have got on which disks the client wants to be told from now on, and what no more. For automerge-repo. */
  | { readonly type: "heads-wanted"; readonly add: readonly string[]; readonly remove: readonly string[] }
  /** Words of an application to the others who are in the room now; nobody keeps them. */
  | { readonly type: "stateless"; readonly channel: number; readonly text: string }
  | { readonly type: "ping"; readonly nonce: number };

/** Where else clients may go, and how busy it is there. */
export interface ToldRelay {
  /** A WebSocket address. */
  readonly address: string;
  /** Sessions that it serves, as it said a short while ago: one client in one document is one. */
  readonly load: number;
}

export type RelayMessage =
  | {
      readonly type: "welcome";
      readonly version: number;
      readonly relay: string;
      readonly frameBytesMax: number;
      readonly updateBytesMax: number;
      readonly keepaliveMs: number;
      /** The other relays that take clients; empty: there is only this one. */
      readonly relays: readonly ToldRelay[];
    }
  | {
      readonly type: "opened";
      readonly channel: number;
      readonly handle: number;
      readonly generation: number;
      readonly access: Access;
      readonly replicas: number;
      readonly needed: number;
      /** The state vector of what is durable here: the client sends what it has beyond. */
      readonly stateVector: Uint8Array;
    }
  /** Parts of the state, or new entries' payloads. */
  | { readonly type: "updates"; readonly handle: number; readonly updates: readonly Uint8Array[] }
  /** One slice of an update too large for a frame; `remaining` bytes follow in further chunks. */
  | { readonly type: "chunk"; readonly handle: number; readonly remaining: number; readonly bytes: Uint8Array }
  /**
   * All that was here at `open` has been sent. `content`: what the ContentIndex hashes to of everything that was sent on this
   * session so far or came from it; absent where it is not known.
   */
  | {
      readonly type: "synced";
      readonly handle: number;
      readonly clock: VectorClock;
      readonly token: string;
      readonly stamp?: Stamp;
      readonly content?: string;
    }
  /** Everything durable that `clock` names has been sent on this session (or came from it). */
  | { readonly type: "clock"; readonly handle: number; readonly clock: VectorClock; readonly token: string; readonly stamp?: Stamp }
  /** [P6] Said before `synced` where it lacks something, and again when that changes. */
  | { readonly type: "behind"; readonly handle: number; readonly lacks: Lacking }
  /** All updates up to `number` are this safe. */
  | ({ readonly type: "ack"; readonly handle: number; readonly number: number } & Durability)
  | {
      readonly type: "nack";
      readonly handle: number;
      readonly number: number;
      readonly code: ErrorCode;
      readonly retryAfterMs: number;
      readonly detail: string;
      /** For GAP: what the relay has. Otherwise empty. */
      readonly stateVector: Uint8Array;
    }
  /** A channel or (channel undefined) the whole connection was refused or ended. */
  | {
      readonly type: "error";
      readonly channel: number | undefined;
      readonly code: ErrorCode;
      readonly retryAfterMs: number;
      readonly detail: string;
    }
  /** The room's generation was closed. `by` is a person's name or empty; `atMs` is wall time. */
  | { readonly type: "deleted"; readonly channel: number; readonly generation: number; readonly by: string; readonly atMs: number }
  | { readonly type: "presence"; readonly handle: number; readonly bytes: Uint8Array }
  /** How many presences the room has, of which only some are shown; 0: all are. */
  | { readonly type: "presence-count"; readonly handle: number; readonly present: number }
  | { readonly type: "pong"; readonly nonce: number }
  /** What another client of the room said to all. */
  | { readonly type: "stateless"; readonly handle: number; readonly text: string }
  /** For automerge-repo: it has joined; a message of Automerge's sync protocol; there is nothing of the document here; which heads are on which disks. */
  | { readonly type: "joined" }
  | { readonly type: "sync"; readonly handle: number; readonly bytes: Uint8Array }
  | { readonly type: "unavailable"; readonly handle: number }
  | { readonly type: "heads"; readonly handle: number; readonly heads: ReadonlyMap<string, HeadsAt> }
  /** For Yjs dialects. */
  | { readonly type: "sync-step-1"; readonly handle: number; readonly stateVector: Uint8Array }
  | { readonly type: "sync-step-2"; readonly handle: number; readonly update: Uint8Array }
  /** What the client has shown for the document may be worth nothing any more: it is asked to show something new. For dialects that can. */
  | { readonly type: "credential-request"; readonly channel: number }
  /** Something to read, so that the client sees a living line. */
  | { readonly type: "keepalive" };
