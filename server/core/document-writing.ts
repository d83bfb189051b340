/**
 * DocumentWriting: a whole document as somebody wrote it, on its way to the one edit that makes the document that. A worker finds the edit
 * on what its writer had read, or on what is here where that is not said; whoever typed since, or types meanwhile, loses nothing, since an
 * edit of theirs and this one merge like any two.
 *
 * Whose the edit is:
 * - of a document in which nobody has written anything, nobody's but the edit's own, drawn from what it writes and the mesh's secret: whichever
 *   relays of a mesh do that, also cut off from each other, make the same bytes, and the content is there once;
 * - of a request with a key that comes again at another relay before that has heard of it: the same, from the key, what it writes, and on what;
 * - otherwise one of this life's own authors, of which one writes one edit at a time: its clock goes on where it was, so that a
 *   document that is written every minute does not grow by an author each time. It is one that has written nothing since what the edit is
 *   made on, and of those that belong to the name under which this relay writes there (`own-actors`), so that all it ever wrote is here.
 *
 * Invariants: an author is lent to one edit at a time until that is let in or given up; no edit is let in whose author has got on meanwhile, or
 * belongs to another name. A life brings `seatsMax` authors to a document at most; whoever writes on something so old that all of them have
 * written since is to read again.
 */
import type { ActorId, Lineage } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { WritingAuthor } from "@inkmesh/shared/engine/crdt-engine";
import { authorKey, authorOf, type AuthorName } from "@inkmesh/shared/engine/drawn-author";
import type { RoomRequest } from "./input.ts";
import { partsAt, partsOf } from "./join-plan.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { seenBefore } from "./seen-before.ts";

type Ask = Extract<RoomRequest, { type: "write" }>;

/** The edit that makes the document what was written. */
export interface WrittenEdit {
  readonly update: Uint8Array;
  /** Why it may not be let in any more; asked in the turn in which it would be. */
  readonly refusal: () => Refusal | undefined;
  /** It is let in, or will not be. */
  readonly settled: () => void;
}

/** What an edit is made on, and who wrote something since. */
interface Basis {
  readonly parts: readonly Uint8Array[];
  readonly authorsSince: ReadonlySet<number>;
}

const noAuthors: ReadonlySet<number> = new Set();
const nothing: Basis = { parts: [], authorsSince: noAuthors };

/** Authors of one name in one document: as many edits of it may be looked for at once, or be made on one old state. */
const seatsMax = 64;

interface Search {
  readonly ask: Ask;
  /** What it is made on. */
  readonly parts: readonly Uint8Array[];
  readonly authorship: Authorship;
}

interface Authorship {
  readonly author: WritingAuthor;
  readonly isCurrent: () => boolean;
  readonly giveBack: () => void;
}

export class DocumentWriting {
  readonly #context: RelayContext;
  readonly #lent = new Set<number>();

  constructor(context: RelayContext) {
    this.#context = context;
  }

  compose(room: Room, ask: Ask, then: (edit: Result<WrittenEdit>) => void): void {
    const { lineage, content } = room;
    const isBegun = ask.where !== "new" && !content.isEmpty;
    const basis = isBegun ? this.#basis(room, ask.base) : ok(nothing);
    if (!basis.ok) return then(basis);
    const { parts, authorsSince } = basis.value;
    const authorship = !isBegun
      ? ok(this.#drawn(["beginning"], lineage))
      : ask.key === undefined
        ? this.#own(room, authorsSince)
        : ok(this.#drawn(["edit", ask.key.name], lineage));
    if (authorship.ok) this.#find(room, { ask, parts, authorship: authorship.value }, then);
    else then(authorship);
  }

  #find(room: Room, { ask, parts, authorship }: Search, then: (edit: Result<WrittenEdit>) => void): void {
    const { lineage } = room;
    const { format, body, kind } = ask;
    const { author, isCurrent, giveBack } = authorship;
    const refusal = (): Refusal | undefined => {
      if (!room.isOpen || room.lineage.generation !== lineage.generation) return { code: "ROOM_DELETED", detail: "" };
      return isCurrent() ? undefined : { code: "RELAY_BUSY", detail: "the document has just been loaded anew" };
    };
    room.call({ type: "write", parts, format, body, kind, author }, (result) => {
      if (result.ok) return then({ ok: true, value: { update: result.value, refusal, settled: giveBack } });
      giveBack();
      const hasComeFurther = author.type === "given" && result.refusal.code === "GAP";
      if (!hasComeFurther) return then(result);
      this.#find(room, { ask, parts, authorship: this.#drawn(["after", author.client], lineage) }, then);
    });
  }

  #basis(room: Room, base: string | undefined): Result<Basis> {
    if (base === undefined) return ok({ parts: partsOf(room.content), authorsSince: noAuthors });
    const seen = seenBefore(room, base, this.#context.tokenSecret);
    if (!seen.ok) return seen;
    const parts = partsAt(room.content, seen.value);
    if (parts === undefined) return refused("CHANGED_SINCE", "and what it was when it was read is not known any more");
    return ok({ parts, authorsSince: room.content.authorsSince(seen.value) });
  }

  #own(room: Room, authorsSince: ReadonlySet<number>): Result<Authorship> {
    const { lineage, content } = room;
    const { ownActors } = this.#context;
    const name = ownActors.writerIn(lineage, content.clock);
    const client = this.#free(name, lineage, authorsSince);
    if (client === undefined) {
      return authorsSince.size > 0
        ? refused("CHANGED_SINCE", "and too much was written on what it was when it was read")
        : refused("RELAY_BUSY", `${seatsMax} edits of the document are being found`);
    }
    const clock = content.clockOf(client);
    let isLent = true;
    this.#lent.add(client);
    const giveBack = (): void => {
      if (isLent) this.#lent.delete(client);
      isLent = false;
    };
    const isCurrent = (): boolean => room.content.clockOf(client) === clock && ownActors.writerIn(lineage, room.content.clock) === name;
    return ok({ author: { type: "given", client, clock }, isCurrent, giveBack });
  }

  #free(name: ActorId, { room, generation }: Lineage, authorsSince: ReadonlySet<number>): number | undefined {
    for (let seat = 0; seat < seatsMax; seat++) {
      const client = authorOf(["writer", name, seat, room, generation], this.#context.tokenSecret);
      if (!this.#lent.has(client) && !authorsSince.has(client)) return client;
    }
    return undefined;
  }

  #drawn(name: AuthorName, { room, generation }: Lineage): Authorship {
    const key = authorKey([...name, room, generation], this.#context.tokenSecret);
    return { author: { type: "drawn", key }, isCurrent: () => true, giveBack: () => undefined };
  }
}
