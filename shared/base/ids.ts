/**
 * Names of things. Each is a branded string, so that a room name never lands where a relay's name belongs.
 */
import { hexOf } from "./bytes.ts";

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** The stable name of a relay, kept in its data folder: 1 to 63 of `a-z 0-9 -`. */
export type RelayId = Brand<string, "RelayId">;

/** One life of a relay: `<RelayId>.<16 hex digits>`, drawn afresh at every start; dots are named by it. */
export type ActorId = Brand<string, "ActorId">;

/** The name of a mesh, 16 hex digits drawn by its first relay: it keeps two meshes from merging by accident. */
export type MeshId = Brand<string, "MeshId">;

/** The name of one state of the ring, 16 hex digits: equal exactly where the records are. */
export type RingId = Brand<string, "RingId">;

/** A room's name: 1 to 256 UTF-8 bytes without control characters. */
export type RoomName = Brand<string, "RoomName">;

/** One client socket at this relay, numbered by the driver; never reused within a process. */
export type ConnectionId = Brand<number, "ConnectionId">;

/** Where somebody is in a room: each session has its own, also where one socket carries several of the same room. */
export type SeatId = Brand<number, "SeatId">;

/** One socket between this relay and another, numbered by the driver; never reused within a process. */
export type LinkId = Brand<number, "LinkId">;

/** One HTTP request that the core answers, numbered by the driver. */
export type RequestId = Brand<number, "RequestId">;

/** (name, generation): deleting a room closes a generation, explicit creation opens the next. */
export interface Lineage {
  readonly room: RoomName;
  readonly generation: number;
}

/** One string per lineage, for use as a map key. `\n` cannot occur in a room's name. */
export function lineageKey(lineage: Lineage): string {
  return `${lineage.generation}\n${lineage.room}`;
}

/** Whether `text` may name a relay. */
export function isRelayId(text: string): text is RelayId {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** The actor of one life of a relay. `life` is 8 random bytes. */
export function actorOf(relay: RelayId, life: Uint8Array): ActorId {
  return `${relay}.${hexOf(life)}` as ActorId;
}

/** Whether `text` may name a life of a relay. */
export function isActorId(text: string): text is ActorId {
  return /\.[0-9a-f]{16}$/.test(text) && isRelayId(relayOf(text as ActorId));
}

/** The relay whose life `actor` is. */
export function relayOf(actor: ActorId): RelayId {
  return actor.slice(0, actor.lastIndexOf(".")) as RelayId;
}
