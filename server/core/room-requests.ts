/**
 * RoomRequests: what the HTTP face asks of rooms, from the question to the answer.
 *
 *     received ─▶ room loaded ─▶ no write of its record under way ─▶ decided ─▶ (on disk, worker done) ─▶ answered
 *
 * Invariants: every request is answered at most once, and not at all once its client has gone; a change is answered as
 * done only when its record is on enough replicas' disks, and as not confirmed when that takes too long; content is what is on
 * disk, named by the token that goes with it [P6]; a room is kept in memory while somebody asks. At most as many requests wait as
 * connections may be open.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import type { RequestId, RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { openToken } from "@inkmesh/shared/wire/session-token";
import type { RoomAnswer } from "./effect.ts";
import type { RoomRequest } from "./input.ts";
import { partsOf } from "./join-plan.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { closedRecord, firstRecord, nextGeneration, renamedRecord, unnamed } from "./room-record.ts";
import type { Rooms } from "./rooms.ts";
import { listedWithinMs, type RoomLists } from "./room-lists.ts";
import { viewOfRoom } from "./room-view.ts";

/** Milliseconds that a reader whose token is ahead of this relay waits for it to catch up. */
const behindAfterMs = 2_000;

/** Milliseconds for which the replicas may take to say that they have a record. */
const confirmedWithinMs = 2_000;

type Ask<Type extends RoomRequest["type"]> = Extract<RoomRequest, { type: Type }>;
type RoomAsk = Exclude<RoomRequest, { type: "list" }>;

interface OpenRequest {
  /** Kept in memory for it. */
  room: Room | undefined;
  /** Tried again when the room has moved on: a reader that is ahead. */
  retry: (() => void) | undefined;
  /** Waits no longer for what would be the answer. */
  withdraw: (() => void) | undefined;
  /** What is done when it has waited too long. */
  overdue: () => void;
}

export class RoomRequests {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #lists: RoomLists;
  readonly #open = new Map<RequestId, OpenRequest>();

  constructor(context: RelayContext, rooms: Rooms, lists: RoomLists) {
    this.#context = context;
    this.#rooms = rooms;
    this.#lists = lists;
  }

  get waiting(): number {
    return this.#open.size;
  }

  receive(request: RequestId, ask: RoomRequest): void {
    const { connectionsMax } = this.#context.limits;
    const isTooMany = this.#open.size >= connectionsMax;
    const open = newlyOpen();
    this.#open.set(request, open);
    if (isTooMany) return this.#refuse(request, { code: "RELAY_BUSY", detail: `${connectionsMax} requests wait` });
    if (ask.type === "list") return this.#list(request, open, ask);
    const room = this.#rooms.use(ask.room);
    if (room === undefined) return this.#refuse(request, { code: "BAD_ROOM_NAME", detail: "this relay has no engine for it" });
    open.room = room;
    room.life.hold((loaded) => {
      if (!loaded.ok) return this.#refuse(request, loaded.refusal);
      room.record.whenSettled(() => {
        if (this.#open.has(request)) this.#decide(request, room, ask);
      });
    });
  }

  /** The client went away. What was begun is finished, nobody hears of it. */
  cancel(request: RequestId): void {
    this.#close(request);
  }

  /** It has waited long enough: a reader whose token was ahead, who changed something that too few replicas have, or a list. */
  giveUp(request: RequestId): void {
    this.#open.get(request)?.overdue();
  }

  /** Readers who wait for a room to move on look again. */
  lookAgain(name: RoomName): void {
    for (const { room, retry } of [...this.#open.values()]) if (room?.name === name) retry?.();
  }

  #decide(request: RequestId, room: Room, ask: RoomAsk): void {
    if (ask.type === "create") return this.#create(request, room, ask);
    // Who asks again is told the same, until it is certain.
    if (room.isDeleted && ask.type === "delete" && room.recordCopies.isOwed)
      return this.#whenSaved(request, room, () => ({ type: "done" }));
    if (room.isDeleted) return this.#refuse(request, { code: "ROOM_DELETED", detail: "" });
    if (!room.exists) return this.#refuse(request, { code: "NOT_FOUND", detail: "" });
    switch (ask.type) {
      case "show":
        return this.#answer(request, { type: "room", room: viewOfRoom(room, this.#context), created: false });
      case "change":
        return this.#change(request, room, ask);
      case "delete":
        return this.#delete(request, room, ask);
      case "content":
        return this.#content(request, room, ask);
      default:
        return unreachable(ask);
    }
  }

  #list(request: RequestId, open: OpenRequest, ask: Ask<"list">): void {
    const seq = this.#lists.gather(ask, (result) =>
      result.ok ? this.#answer(request, result.value) : this.#refuse(request, result.refusal),
    );
    open.withdraw = () => this.#lists.drop(seq);
    this.#giveUpAfter(request, open, listedWithinMs, () => this.#lists.due(seq));
  }

  #create(request: RequestId, room: Room, ask: Ask<"create">): void {
    if (!room.isDeleted && (room.exists || !room.isOpen)) return this.#refuse(request, { code: "ROOM_EXISTS", detail: "" });
    const current = room.record.current;
    const stamp = this.#context.stamp();
    const record = current === undefined ? firstRecord(room.name, ask, stamp) : nextGeneration(current, ask, stamp);
    room.life.create(record, (result) =>
      this.#answerDone(request, room, result, () => ({ type: "room", room: viewOfRoom(room, this.#context), created: true })),
    );
  }

  #change(request: RequestId, room: Room, ask: Ask<"change">): void {
    if (!room.isOpen) return this.#refuse(request, { code: "RELAY_BUSY", detail: "the document is being deleted" });
    const stamp = this.#context.stamp();
    const record = renamedRecord(room.record.current ?? firstRecord(room.name, unnamed, stamp), ask, stamp);
    room.record.write(record, (result) =>
      this.#answerDone(request, room, result, () => ({ type: "room", room: viewOfRoom(room, this.#context), created: false })),
    );
  }

  #delete(request: RequestId, room: Room, ask: Ask<"delete">): void {
    if (!room.isOpen) return this.#refuse(request, { code: "RELAY_BUSY", detail: "the document is being deleted" });
    const stamp = this.#context.stamp();
    const record = closedRecord(room.record.current ?? firstRecord(room.name, unnamed, stamp), ask.principal, stamp);
    room.life.close(record, (result) => this.#answerDone(request, room, result, () => ({ type: "done" })));
  }

  #content(request: RequestId, room: Room, ask: Ask<"content">): void {
    const seen = ask.token === "" ? ok(VectorClock.empty) : this.#seenBy(room, ask.token);
    if (!seen.ok) return this.#refuse(request, seen.refusal);
    const { log, content, lineage } = room;
    const clock = log.durableClock;
    if (!clock.covers(seen.value)) return this.#waitToCatchUp(request, room, ask);
    // What is not on disk are the last entries of the tail: the token may not name them.
    const parts = partsOf(content);
    const durable = parts.slice(0, parts.length - log.waiting);
    const token = log.token(clock);
    room.call({ type: "content", parts: durable, format: ask.format }, (result) => {
      if (!result.ok) return this.#refuse(request, result.refusal);
      this.#answer(request, { type: "content", bytes: result.value, token, generation: lineage.generation });
    });
  }

  /** The clock that a token names, if it speaks of this generation of this room. */
  #seenBy(room: Room, text: string): Result<VectorClock> {
    const token = openToken(text, this.#context.tokenSecret);
    if (!token.ok) return token;
    const { lineage, clock } = token.value;
    if (lineage.room !== room.name) return refused("BAD_REQUEST", "the token is another document's");
    if (lineage.generation < room.lineage.generation) return refused("ROOM_DELETED");
    return lineage.generation > room.lineage.generation ? refused("BEHIND", `generation ${lineage.generation}`) : ok(clock);
  }

  #waitToCatchUp(request: RequestId, room: Room, ask: Ask<"content">): void {
    const open = this.#open.get(request);
    if (open === undefined || open.retry !== undefined) return;
    open.retry = () => this.#decide(request, room, ask);
    this.#giveUpAfter(request, open, behindAfterMs, () => this.#refuse(request, { code: "BEHIND", detail: "" }));
  }

  /** Done is what enough replicas have on disk. */
  #answerDone(request: RequestId, room: Room, result: Result<undefined>, answer: () => RoomAnswer): void {
    if (result.ok) this.#whenSaved(request, room, answer);
    else this.#refuse(request, result.refusal);
  }

  #whenSaved(request: RequestId, room: Room, answer: () => RoomAnswer): void {
    const open = this.#open.get(request);
    if (open === undefined) return;
    this.#giveUpAfter(request, open, confirmedWithinMs, () => this.#refuse(request, { code: "NOT_CONFIRMED", detail: "" }));
    open.withdraw = room.recordCopies.whenSaved(() => this.#answer(request, answer()));
  }

  #giveUpAfter(request: RequestId, open: OpenRequest, ms: number, overdue: () => void): void {
    open.overdue = overdue;
    this.#context.deadlines.set({ type: "give-up", request }, this.#context.now.monotonicMs + ms);
  }

  #refuse(request: RequestId, refusal: Refusal): void {
    this.#answer(request, { type: "refused", refusal });
  }

  #answer(request: RequestId, answer: RoomAnswer): void {
    if (this.#close(request)) this.#context.effect({ type: "respond", request, answer });
  }

  /** Whether the request was still open. */
  #close(request: RequestId): boolean {
    const open = this.#open.get(request);
    this.#open.delete(request);
    this.#context.deadlines.clear({ type: "give-up", request });
    open?.withdraw?.();
    open?.room?.life.release();
    return open !== undefined;
  }
}

function newlyOpen(): OpenRequest {
  return { room: undefined, retry: undefined, withdraw: undefined, overdue: () => undefined };
}
