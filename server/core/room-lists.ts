/**
 * RoomLists: the list of documents over all relays, a page at a time.
 *
 *     request ─▶ this disk, and every linked relay ──list──▶ its disk ──listed──▶ joined ─▶ answer, with who did not answer
 *
 * Each relay has on its disk what the ring places there, and where there are more relays than copies none has everything. Who is
 * asked answers from its own disk and asks nobody. Nothing is kept between two pages.
 *
 * Invariants: a page waits for others `answerWithinMs` at most, and not for those that no link leads to; who is on the ring and was not
 * heard is named; on a ring of one relay nobody is asked and nothing awaited.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { ok, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ListedRoom, MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RoomAnswer, RoomView } from "./effect.ts";
import { joinLists, type ListedPage } from "./gossip/list-join.ts";
import type { RoomRequest } from "./input.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Rooms } from "./rooms.ts";
import { viewOfListed, viewOfSummary } from "./room-view.ts";
import type { RoomSummary } from "./stored-room.ts";

export type ListMessage = Extract<MeshRoomMessage, { type: "list" | "listed" }>;
type ListAnswer = Extract<RoomAnswer, { type: "rooms" }>;
type ListRequest = Extract<RoomRequest, { type: "list" }>;

/** Milliseconds that other relays may take. */
export const listedWithinMs = 1_000;

/** Names that one relay looks at for a page: those of deleted documents are among them, and a page should not be empty for it. */
const namesPerPage = 200;

/** A page that is being put together. */
export interface Gathering {
  readonly ask: ListRequest;
  readonly then: (result: Result<ListAnswer>) => void;
  readonly awaited: Set<ActorId>;
  readonly pages: ListedPage[];
  /** What this disk has; undefined until it has said so. */
  own: ReadonlyMap<string, RoomView> | undefined;
}

export class RoomLists {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #gatherings = new Map<number, Gathering>();
  #lastSeq = 0;

  constructor(context: RelayContext, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** Gathers one page; answers its number. */
  gather(ask: ListRequest, then: Gathering["then"]): number {
    const { peers } = this.#context;
    const seq = ++this.#lastSeq;
    const gathering: Gathering = { ask, then, awaited: new Set(peers.linked), pages: [], own: undefined };
    this.#gatherings.set(seq, gathering);
    const { after = "", search = "" } = ask;
    const limit = this.#isAlone ? ask.limit : Math.max(ask.limit, namesPerPage);
    for (const actor of gathering.awaited) peers.tell(actor, { type: "list", seq, after, limit, search });
    this.#listOwn({ ...ask, limit, deleted: !this.#isAlone }, (result) => this.#ownCame(seq, result));
    return seq;
  }

  /** Nobody wants it any more. */
  drop(seq: number): void {
    this.#gatherings.delete(seq);
  }

  /** Nobody else is waited for. */
  due(seq: number): void {
    const gathering = this.#gatherings.get(seq);
    gathering?.awaited.clear();
    this.#review(seq);
  }

  received(from: ActorId, message: ListMessage): void {
    if (message.type === "list") return this.#answer(from, message);
    const gathering = this.#gatherings.get(message.seq);
    if (gathering?.awaited.delete(from) !== true) return;
    gathering.pages.push({ relay: relayOf(from), rooms: message.rooms, next: message.next });
    this.#review(message.seq);
  }

  peerDown(actor: ActorId): void {
    for (const [seq, { awaited }] of [...this.#gatherings]) if (awaited.delete(actor)) this.#review(seq);
  }

  #answer(to: ActorId, { seq, after, limit, search }: Extract<ListMessage, { type: "list" }>): void {
    const ask = {
      after: after || undefined,
      limit: Math.max(1, Math.min(limit, namesPerPage)),
      search: search || undefined,
      deleted: true,
    };
    this.#listOwn(ask, (result) => {
      if (!result.ok) return;
      const { rooms, next } = result.value;
      this.#context.peers.tell(to, { type: "listed", seq, rooms: rooms.map(({ listed }) => listed), next });
    });
  }

  #listOwn(
    ask: Pick<ListRequest, "after" | "limit" | "search"> & { readonly deleted: boolean },
    then: (result: Result<{ readonly rooms: readonly OwnRoom[]; readonly next: string | undefined }>) => void,
  ): void {
    const { after, limit, search, deleted } = ask;
    const seq = this.#context.lists.ask((result) =>
      then(result.ok ? ok({ rooms: result.value.rooms.map((summary) => this.#ownRoom(summary)), next: result.value.next }) : result),
    );
    this.#context.effect({ type: "list-rooms", seq, after, limit, search, deleted });
  }

  #ownRoom(summary: RoomSummary): OwnRoom {
    const { record } = summary;
    const view = viewOfSummary(summary, this.#rooms.find(record.room), this.#context);
    const { bytes, sessions, changedMs, heldBy } = view;
    return { view, listed: { record, bytes, sessions, changedMs, isHeld: heldBy.includes(this.#context.self) } };
  }

  #ownCame(seq: number, result: Result<{ readonly rooms: readonly OwnRoom[]; readonly next: string | undefined }>): void {
    const gathering = this.#gatherings.get(seq);
    if (gathering === undefined) return;
    if (!result.ok) {
      this.#gatherings.delete(seq);
      return gathering.then(result);
    }
    const { rooms, next } = result.value;
    gathering.own = new Map(rooms.map(({ view }) => [view.room, view]));
    gathering.pages.push({ relay: this.#context.self, rooms: rooms.map(({ listed }) => listed), next });
    this.#review(seq);
  }

  #review(seq: number): void {
    const gathering = this.#gatherings.get(seq);
    if (gathering?.own === undefined || gathering.awaited.size > 0) return;
    this.#gatherings.delete(seq);
    const { ask, then, pages, own } = gathering;
    const { rooms, next } = joinLists(pages, ask.limit);
    const views = rooms.map((room) => {
      const here = own.get(room.record.room);
      const clock = here?.generation === room.record.generation ? here.clock : VectorClock.empty;
      return viewOfListed(room, { clock, holders: here?.heldBy ?? [] }, this.#context);
    });
    const heard = new Set(pages.map(({ relay }) => relay));
    then(ok({ type: "rooms", rooms: views, next, unanswered: this.#ringRelays.filter((relay) => !heard.has(relay)) }));
  }

  get #isAlone(): boolean {
    return this.#ringRelays.length <= 1;
  }

  get #ringRelays(): readonly RelayId[] {
    return this.#context.peers.ring.newest.members.map(({ relay }) => relay);
  }
}

interface OwnRoom {
  readonly view: RoomView;
  readonly listed: ListedRoom;
}
