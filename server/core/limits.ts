/**
 * Limits: every ceiling of the core, by name. Values, units and reasons are settings in `server/config.ts`.
 */
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";
import type { ReplicationLimits } from "./gossip/replication-limits.ts";

export interface Limits {
  readonly content: ContentLimits;
  readonly replication: ReplicationLimits;
  /** One WebSocket message from a client, in bytes. */
  readonly frameBytesMax: number;
  /** One update of kind "edit" / "state", in bytes. */
  readonly editBytesMax: number;
  readonly stateBytesMax: number;
  /** A room's snapshot and tail together, in bytes. */
  readonly roomBytesMax: number;
  /** Sessions one connection may have. */
  readonly roomsPerConnectionMax: number;
  /** The same, of clients that have no word to let go of a document. */
  readonly documentsPerConnectionMax: number;
  readonly connectionsMax: number;
  /** How long a connection may take to its first valid message. */
  readonly handshakeMs: number;
  /** How long a client may show later what it did not show when it asked for a document, where an application is asked. */
  readonly credentialMs: number;
  /** How long what an application grants for a time is believed, whatever time that is: no shorter, and no longer. */
  readonly grantMsMin: number;
  readonly grantMsMax: number;
  /** One presence state / presence frame, in bytes. */
  readonly presenceBytesMax: number;
  /** Presence ids one connection may hold in one room. */
  readonly presenceIdsPerSessionMax: number;
  /** Presence ids in one room; past it those of other relays are left out. */
  readonly presenceIdsPerRoomMax: number;
  /** Presences that a viewer is shown; of more the rest is counted. */
  readonly presenceShownMax: number;
  /** Whoever did not change their presence for so long gives their place to somebody unseen who does. */
  readonly presenceIdleMs: number;
  /** How often viewers are told how many there are, at most. */
  readonly presenceCountEveryMs: number;
  /** How often other relays are told of one room's presence, at most. */
  readonly presenceTellEveryMs: number;
  /** How often relays that share rooms are looked after; one that is silent for longer than the second is not shown. */
  readonly presenceLookMs: number;
  readonly presenceSilentMs: number;
  /** A presence that was not renewed for this long is gone. */
  readonly presenceExpiryMs: number;
  /** Token bucket per connection: sustained rate and burst. */
  readonly updatesPerSecond: number;
  readonly updatesBurst: number;
  readonly bytesPerSecond: number;
  readonly bytesBurst: number;
  /** Gaps one session may cause in `gapWindowMs` before it is closed. */
  readonly gapsPerWindowMax: number;
  readonly gapWindowMs: number;
  /** Updates of one session that wait for their ack. */
  readonly unackedPerSessionMax: number;
  /** Messages a session may send while its room is being loaded. */
  readonly waitingPerSessionMax: number;
  /** A socket's unsent bytes: above the first presence is shed, above the second it is closed as CLIENT_SLOW. */
  readonly backlogSheddingBytes: number;
  readonly backlogBytesMax: number;
  /** Bytes of loaded rooms without sessions that stay in memory. */
  readonly roomCacheBytes: number;
  /** A tail longer than this many entries, or than this share of the state, is compacted. */
  readonly tailEntriesMax: number;
  readonly tailShareMax: number;
  readonly tailBytesMin: number;
  /** Actors that a room's clock may name before those that need no name are pruned. */
  readonly clockActorsMax: number;
  /** How long entries may wait before a shadow document has looked at them. */
  readonly verifyMs: number;
  /** How often clients are told the durable clock, at most. */
  readonly clockEveryMs: number;
  /** How often each socket is given something to read. */
  readonly keepaliveMs: number;
  /** Bytes of admitted updates that wait for the disk, over all rooms; past it updates are refused as RELAY_BUSY until it catches up. */
  readonly appendBytesMax: number;
  /** How long until an append that failed is tried again. */
  readonly appendRetryMs: number;
  /** Slices of large states in our own protocol, in bytes. */
  readonly chunkBytes: number;
}
