/**
 * OpenDocuments: which documents one client has open, and for which it waits.
 *
 * Invariant: there are never more of them than `max`. Who has no word that lets go of a document may have as many as somebody comes to in a day:
 * what nobody writes in costs a little memory, and to be told of one too many would be to be told that it is not there.
 */
import { ChannelNames } from "@inkmesh/shared/wire/channel-names";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { AwaitedOpenings } from "./awaited-openings.ts";
import { ChannelTable } from "./channel-table.ts";
import type { Limits } from "./limits.ts";
import type { Session } from "./session.ts";

export class OpenDocuments {
  readonly max: number;
  readonly channels: ChannelTable;
  readonly names: ChannelNames;
  readonly awaited: AwaitedOpenings;

  constructor(limits: Limits, { letsGo }: Dialect) {
    this.max = letsGo ? limits.roomsPerConnectionMax : limits.documentsPerConnectionMax;
    this.channels = new ChannelTable({ forgottenMax: this.max });
    this.names = new ChannelNames({ endedMax: this.max });
    // Who cannot let go of any may ask for all of them at once, each with a message that waits with it.
    const waitingPerSessionMax = Math.max(limits.waitingPerSessionMax, letsGo ? 0 : this.max);
    this.awaited = new AwaitedOpenings({ ...limits, waitingPerSessionMax });
  }

  get isFull(): boolean {
    return this.channels.sizeOfAll + this.awaited.size >= this.max;
  }

  get waiting(): number {
    return this.channels.all().reduce((sum, session) => sum + session.waiting, this.awaited.waiting);
  }

  get waitingBytes(): number {
    return this.channels.all().reduce((sum, session) => sum + session.waitingBytes, this.awaited.waitingBytes);
  }

  has(room: string): boolean {
    return this.channels.sessions().some((session) => session.room.name === room) || this.awaited.isOf(room);
  }

  /** Whether another document is served on the socket, or may be in a moment. */
  servesBeside(session: Session): boolean {
    return this.awaited.hasNew || this.channels.sessions().some((other) => other !== session && (other.isLive || other.isNew));
  }
}
