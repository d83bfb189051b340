/**
 * RoomRequests: what the HTTP face asks of rooms, from the question to the answer.
 *
 *     received ─▶ room loaded ─▶ (its replicas asked, where this relay is none) ─▶ no write of its record under way ─▶ decided ─▶ (on disk, worker done) ─▶ answered
 *
 * Invariants: every request is answered at most once, and not at all once its client has gone; a change is answered as
 * done only when its record is on enough replicas' disks, and as not confirmed when that takes too long; content is what is on
 * disk, named by the token that goes with it [P6]; a room is kept in memory while somebody asks. At most as many requests wait as
 * connections may be open.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import { noBytes } from "@inkmesh/shared/base/bytes";
import type { RequestId } from "@inkmesh/shared/base/ids";
import { ok, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { requestMark } from "@inkmesh/shared/engine/request-mark";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import { BlobWriter } from "./blob-writer.ts";
import { DocumentWriting } from "./document-writing.ts";
import type { RoomAnswer, RoomComparisonView } from "./effect.ts";
import { HttpWriter, type HttpEdit } from "./http-writer.ts";
import type { RoomRequest } from "./input.ts";
import { knownDurable } from "./gossip/room-copy.ts";
import { partsOf } from "./join-plan.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { clocksOfRoom } from "./room-clocks.ts";
import { closedRecord, firstRecord, nextGeneration, renamedRecord, repeatOf, unnamed } from "./room-record.ts";
import type { Rooms } from "./rooms.ts";
import { listedWithinMs, type RoomLists } from "./room-lists.ts";
import { viewOfRoom } from "./room-view.ts";
import type { RoomRecord } from "./stored-room.ts";
import { behindAfterMs, seenBefore } from "./seen-before.ts";

/** Milliseconds for which the replicas may take to say that they have a record. */
const confirmedWithinMs = 2_000;

/** The same for an image, which is up to 8 MiB: who is told no sends all of it again. */
const blobConfirmedWithinMs = 10_000;

/** Milliseconds for which an image may take that is not here. */
const blobFetchedWithinMs = 8_000;

/** Milliseconds for which bringing a room and its other replicas together may take. */
const comparedWithinMs = 8_000;

/** Where marks of requests cannot be kept. */
const keyless: Refusal = {
  code: "BAD_REQUEST",
  detail: "an Automerge document keeps no Idempotency-Key. Send the changes without one: each is known by its hash, and taken once",
};

type Ask<Type extends RoomRequest["type"]> = Extract<RoomRequest, { type: Type }>;
type RoomAsk = Exclude<RoomRequest, { type: "list" | "clocks" | "compare" }>;

interface OpenRequest {
  /** Kept in memory for it. */
  room: Room | undefined;
  /** Waits no longer for what would be the answer. */
  withdraw: (() => void) | undefined;
  /** What is done when it has waited too long. */
  overdue: () => void;
}

export class RoomRequests {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #lists: RoomLists;
  readonly #writing: DocumentWriting;
  readonly #open = new Map<RequestId, OpenRequest>();

  constructor(context: RelayContext, rooms: Rooms, lists: RoomLists) {
    this.#context = context;
    this.#rooms = rooms;
    this.#lists = lists;
    this.#writing = new DocumentWriting(context);
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
    open.room = room;
    room.life.hold((loaded) => {
      if (!loaded.ok) return this.#refuse(request, loaded.refusal);
      if (ask.type === "clocks") return this.#answer(request, { type: "clocks", clocks: clocksOfRoom(room, this.#context) });
      if (ask.type === "compare") return this.#compare(request, open, room);
      const decide = (): void => {
        if (this.#open.has(request)) this.#decide(request, room, ask);
      };
      room.replication.whenFresh(() => room.record.whenSettled(decide));
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

  #decide(request: RequestId, room: Room, ask: RoomAsk): void {
    if (ask.type === "create") return this.#create(request, room, ask);
    if (room.isDeleted && ask.type === "delete") return this.#deleteAgain(request, room);
    if (room.isDeleted) return this.#refuse(request, { code: "ROOM_DELETED", detail: "" });
    const isBegun = ask.type === "write" && ask.where !== "existing";
    if (!room.exists && !isBegun) return this.#refuse(request, { code: "NOT_FOUND", detail: "" });
    switch (ask.type) {
      case "show":
        return this.#answer(request, { type: "room", room: viewOfRoom(room, this.#context), created: false });
      case "change":
        return this.#change(request, room, ask);
      case "delete":
        return this.#delete(request, room, ask);
      case "content":
        return this.#content(request, room, ask);
      case "blob":
        return this.#blob(request, room, ask);
      case "keep-blob":
        return this.#keepBlob(request, room, ask);
      case "update":
        return this.#update(request, room, ask);
      case "write":
        return this.#write(request, room, ask);
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

  /** Also of a deleted room: its tombstone is what is compared. */
  #compare(request: RequestId, open: OpenRequest, room: Room): void {
    if (!this.#open.has(request)) return;
    const compared = (copies: RoomComparisonView["copies"]): void => {
      const { lineage, log, replication } = room;
      const comparison = {
        room: room.name,
        generation: lineage.generation,
        isDeleted: room.isDeleted,
        isReplica: replication.isReplica,
        clock: log.durableClock,
        copies,
      };
      this.#answer(request, { type: "compared", comparison });
    };
    // What was dropped here, or never was more than a name, has nothing that could be different.
    if (!room.replication.isReplica && !room.isDeleted && room.content.isEmpty) return compared([]);
    const { end, withdraw } = room.replication.review.begin(compared);
    if (!this.#open.has(request)) return;
    open.withdraw = withdraw;
    this.#giveUpAfter(request, open, comparedWithinMs, end);
    room.touched();
  }

  #create(request: RequestId, room: Room, ask: Ask<"create">): void {
    const current = room.record.current;
    const created = (): RoomAnswer => ({ type: "room", room: viewOfRoom(room, this.#context), created: true });
    if (room.isOpen && room.recordCopies.isUnconfirmed && isNamed(current, ask)) return this.#whenSaved(request, room, created);
    const repeated = ask.repeats === undefined || current === undefined || !room.isOpen ? undefined : repeatOf(current, ask);
    if (repeated === "same") return this.#whenSaved(request, room, created);
    if (ask.repeats === "drawn" && room.isDeleted) return this.#refuse(request, { code: "ROOM_DELETED", detail: "" });
    if (repeated !== undefined) return this.#refuse(request, { code: repeated, detail: "" });
    if (!room.isDeleted && (room.exists || !room.isOpen)) return this.#refuse(request, { code: "ROOM_EXISTS", detail: "" });
    const stamp = this.#context.stamp();
    const record = current === undefined ? firstRecord(room.name, ask, stamp) : nextGeneration(current, ask, stamp);
    room.life.create(record, (result) => this.#answerDone(request, room, result, created));
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

  /**
   * Who asks again is told the same until it is certain. After a restart nobody knows whether it was: the others are asked, and it is
   * called deleted before only when enough of them say so.
   */
  #deleteAgain(request: RequestId, room: Room): void {
    const wasNotDone = room.recordCopies.isUnconfirmed;
    const refusal = { code: "ROOM_DELETED", detail: "" } as const;
    this.#whenSaved(request, room, () => (wasNotDone ? { type: "done" } : { type: "refused", refusal }));
  }

  #content(request: RequestId, room: Room, ask: Ask<"content">): void {
    const seen = ask.token === "" ? ok(VectorClock.empty) : seenBefore(room, ask.token, this.#context.tokenSecret);
    if (!seen.ok) return this.#refuse(request, seen.refusal);
    const { log, content, lineage } = room;
    const clock = log.durableClock;
    if (!knownDurable(room).covers(seen.value)) return this.#waitToCatchUp(request, room, ask, seen.value);
    // What is not on disk are the last entries of the tail: the token may not name them.
    const parts = partsOf(content);
    const durable = parts.slice(0, parts.length - log.waiting);
    const token = log.token(clock);
    room.call({ type: "content", parts: durable, format: ask.format }, (result) => {
      if (!result.ok) return this.#refuse(request, result.refusal);
      this.#answer(request, { type: "content", bytes: result.value, token, generation: lineage.generation });
    });
  }

  #update(request: RequestId, room: Room, ask: Ask<"update">): void {
    if (ask.key !== undefined && room.engine.name === "automerge") return this.#refuse(request, keyless);
    if (!this.#mustCatchUp(request, room, ask)) this.#letIn(request, room, ask);
  }

  /** What was typed while the edit was found stays; with `If-Match` nothing is written then. */
  #write(request: RequestId, room: Room, ask: Ask<"write">): void {
    if (this.#mustCatchUp(request, room, ask)) return;
    const { match, key, principal } = ask;
    const isKnown = key !== undefined && room.content.clockOf(requestMark(room.lineage, key, this.#context.tokenSecret).author) > 0;
    if (isKnown) return this.#letIn(request, room, { update: noBytes, match, key, principal });
    this.#writing.compose(room, ask, (edit) => {
      if (!edit.ok) return this.#refuse(request, edit.refusal);
      this.#letIn(request, room, { ...edit.value, match, key, principal, isBeginning: ask.where === "new" });
    });
  }

  /** Whether the document has changed since is not known here before all of that is. */
  #mustCatchUp(request: RequestId, room: Room, ask: Ask<"update" | "write">): boolean {
    const token = ask.match ?? (ask.type === "write" ? ask.base : undefined);
    const seen = token === undefined ? ok(VectorClock.empty) : seenBefore(room, token, this.#context.tokenSecret);
    if (!seen.ok || room.content.known.covers(seen.value)) return false;
    this.#waitToCatchUp(request, room, ask, seen.value);
    return true;
  }

  /** What is let in stays, also where it is not confirmed in time. */
  #letIn(request: RequestId, room: Room, ask: HttpEdit): void {
    const open = this.#open.get(request);
    const dialect = this.#context.dialect("native");
    if (open === undefined || dialect === undefined) {
      ask.settled?.();
      return this.#refuse(request, { code: "RELAY_BUSY", detail: "" });
    }
    const { tokenSecret } = this.#context;
    const writer = new HttpWriter({ room, ask, dialect, tokenSecret, done: (result) => this.#written(request, room, result) });
    this.#giveUpAfter(request, open, confirmedWithinMs, () => this.#refuse(request, { code: "NOT_CONFIRMED", detail: "" }));
    open.withdraw = () => writer.end();
    writer.begin();
  }

  #written(request: RequestId, room: Room, result: Result<Durability>): void {
    if (!result.ok) return this.#refuse(request, result.refusal);
    const { log, lineage } = room;
    const token = log.token(log.durableClock);
    this.#answer(request, { type: "saved", durability: result.value, token, generation: lineage.generation });
  }

  /** From this disk, or from whoever has it. */
  #blob(request: RequestId, room: Room, { name }: Ask<"blob">): void {
    const { blobs } = this.#context;
    const { lineage } = room;
    blobs.read(lineage, name, (here) => {
      const open = this.#open.get(request);
      if (open === undefined) return;
      if (!here.ok) return this.#refuse(request, here.refusal);
      if (here.value !== undefined) return this.#answer(request, { type: "blob", bytes: here.value });
      this.#giveUpAfter(request, open, blobFetchedWithinMs, () => this.#refuse(request, { code: "BLOB_NOT_REACHED", detail: "" }));
      const bringing = blobs.bring(lineage, name, (result) => {
        if (result.ok) this.#answer(request, { type: "blob", bytes: result.value });
        else this.#refuse(request, result.refusal);
      });
      open.withdraw = bringing.withdraw;
    });
  }

  /** What is kept stays, also where it is not confirmed in time. */
  #keepBlob(request: RequestId, room: Room, { name, bytes }: Ask<"keep-blob">): void {
    const open = this.#open.get(request);
    const dialect = this.#context.dialect("native");
    if (open === undefined || dialect === undefined) return this.#refuse(request, { code: "RELAY_BUSY", detail: "" });
    const done = (result: Result<Durability>): void =>
      result.ok ? this.#answer(request, { type: "blob-saved", durability: result.value }) : this.#refuse(request, result.refusal);
    const writer = new BlobWriter({ context: this.#context, room, name, dialect, done }, bytes);
    this.#giveUpAfter(request, open, blobConfirmedWithinMs, () =>
      this.#refuse(
        request,
        writer.isHere ? { code: "NOT_CONFIRMED", detail: "" } : { code: "RELAY_BUSY", detail: "the image is not on this relay's disk yet" },
      ),
    );
    open.withdraw = () => writer.end();
    writer.begin();
  }

  #waitToCatchUp(request: RequestId, room: Room, ask: Ask<"content" | "update" | "write">, seen: VectorClock): void {
    const open = this.#open.get(request);
    if (open === undefined) return;
    const giveUp = (): void => this.#refuse(request, { code: "BEHIND", detail: "" });
    this.#giveUpAfter(request, open, behindAfterMs, giveUp);
    // What no relay has may still come from a client that has it: it waits for that, too.
    open.withdraw = room.replication.seekers.seek(seen, (found) => found === "here" && this.#decide(request, room, ask));
    room.touched();
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

/** Whether a creation with these words made this record: who asks again has not heard that it was done. */
function isNamed(record: RoomRecord | undefined, { title, kind }: Pick<Ask<"create">, "title" | "kind">): boolean {
  return record !== undefined && record.title?.value === title && record.kind?.value === kind;
}

function newlyOpen(): OpenRequest {
  return { room: undefined, withdraw: undefined, overdue: () => undefined };
}
