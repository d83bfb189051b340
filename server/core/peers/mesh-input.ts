/**
 * MeshInput: what the core is told about links to other relays.
 */
import type { LinkId, RelayId } from "@inkmesh/shared/base/ids";

export type MeshInput =
  /** A socket is open. `dialled`: the address that a `dial` named; undefined: it was accepted. `remote`: the other end, for people. */
  | { readonly type: "link-opened"; readonly link: LinkId; readonly dialled: string | undefined; readonly remote: string }
  | { readonly type: "link-received"; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The system has taken everything that the link was given up to the `send-link` that asked. */
  | { readonly type: "link-taken"; readonly link: LinkId }
  /** The socket is closed, from wherever. */
  | { readonly type: "link-closed"; readonly link: LinkId }
  /** A `dial` led to no open socket. */
  | { readonly type: "dial-failed"; readonly address: string; readonly reason: string }
  /** An operator gives up a relay. */
  | { readonly type: "forget-relay"; readonly relay: RelayId }
  /** This relay is to hand over all that it has, and to leave the ring. */
  | { readonly type: "drain" }
  /** How late the event loop runs, 99 of 100 times; told now and then. */
  | { readonly type: "event-loop-delay"; readonly ms: number };
