/**
 * The SQLite store against a model so dumb that it cannot be wrong: a list of entries per room. Random appends,
 * compactions (some of them interrupted), deletions, kills and restarts; after each the store must say what the list says.
 */
import * as Y from "yjs";
import { afterEach, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomRecord } from "../../../server/core/stored-room.ts";
import { aRelay, LogAuthor, textOf } from "../../contract/log-author.ts";
import { SqliteFolder } from "../../unit/log/sqlite-folder.ts";
import { replayOf, seedsOf } from "./seeds.ts";

const rooms = ["r0", "r1", "r2"];
const stepsPerSeed = 40;
const rubbish = Uint8Array.of(0xff, 0xff);

const folders: SqliteFolder[] = [];
afterEach(() => folders.splice(0).forEach((folder) => folder.dispose()));

/** One room as the model knows it. */
interface ModelRoom {
  author: LogAuthor;
  generation: number;
  record: RoomRecord | undefined;
  /** Dots that a compaction has taken into a snapshot or set aside. */
  compacted: number;
  /** Whether its last compaction ended before it had removed what it covers. */
  unswept: boolean;
}

class Model {
  readonly random: Random;
  readonly rooms: ModelRoom[];
  folder: SqliteFolder;
  #life = 1;
  #clients = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.rooms = rooms.map((room) => ({ author: this.#author(room, 0), generation: 0, record: undefined, compacted: 0, unswept: false }));
    this.folder = this.#adopted(new SqliteFolder());
    this.folder.open();
  }

  step(): string {
    const room = this.rooms[randomInteger(this.random, rooms.length)]!;
    const dice = this.random.fraction();
    if (dice < 0.55) return this.#append();
    if (dice < 0.8) return this.#compact(room);
    if (dice < 0.85) return this.#delete(room);
    return this.#restart(dice < 0.93);
  }

  check(): void {
    for (const room of this.rooms) {
      const { author } = room;
      const stored = this.folder.load(author.lineage.room);
      expect(stored.record).toEqual(room.record);
      expect(stored.clock.compare(author.clock)).toBe("equal");
      expect(stored.tail).toEqual(author.entries.slice(author.entries.length - stored.tail.length));
      expect(textOf({ ...stored, tail: stored.tail.filter(applies) })).toBe(author.text);
      if (stored.snapshot) expect(stored.snapshot.clock.entries().reduce((sum, [, counter]) => sum + counter, 0)).toBe(room.compacted);
      const [summary] = this.folder.read((reader) => reader.rooms({ after: undefined, limit: 3, search: author.lineage.room })).rooms;
      if (author.entries.length > 0) expect(summary?.clock).toEqual(author.clock.entries());
      if (author.entries.length > 0 && !room.unswept) expect(summary?.entries).toBe(stored.tail.length);
    }
    expect(this.folder.found).toEqual([]);
  }

  #append(): string {
    const batch = this.rooms
      .filter(() => this.random.fraction() < 0.6)
      .map(({ author }) => {
        const dice = this.random.fraction();
        if (dice < 0.1) return author.push(rubbish);
        if (dice < 0.3 && author.text.length > 2) return author.erase(randomInteger(this.random, author.text.length - 1), 1);
        return author.type("abcdefghij".slice(0, 1 + randomInteger(this.random, 9)));
      });
    this.folder.append(...batch);
    if (this.random.fraction() < 0.3) this.folder.append(...batch);
    return `append to ${batch.length} rooms`;
  }

  #compact(room: ModelRoom): string {
    const { author } = room;
    const upTo = randomInteger(this.random, author.entries.length + 1);
    const cut = author.entries[upTo]?.deps ?? author.clock;
    const until = (["written", "adopted", "swept", "swept"] as const)[randomInteger(this.random, 4)]!;
    if (author.entries.length > 0 && room.generation === 0) {
      this.folder.compact(author.lineage.room, cut.entries(), until);
      const grows = upTo > room.compacted;
      if (grows && until !== "written") [room.compacted, room.unswept] = [upTo, until === "adopted"];
    }
    return `compact ${author.lineage.room} up to ${upTo}, until ${until}`;
  }

  #delete(room: ModelRoom): string {
    const hlc = { physicalMs: 1, logical: 0, relay: aRelay };
    const record = {
      room: room.author.lineage.room as RoomName,
      generation: room.generation,
      title: undefined,
      kind: undefined,
      created: hlc,
      deleted: { hlc, by: "" },
      everDeleted: true,
    };
    this.folder.store.putRecord(record);
    if (room.author.entries.length > 0) this.folder.append(room.author.type("late"));
    room.generation++;
    room.record = { ...record, generation: room.generation, deleted: undefined };
    this.folder.store.putRecord(room.record);
    room.author = this.#author(record.room, room.generation);
    [room.compacted, room.unswept] = [0, false];
    return `delete ${record.room}`;
  }

  #restart(killed: boolean): string {
    const next = killed ? this.#adopted(this.folder.killed()) : this.folder;
    this.folder.close();
    this.folder = next;
    expect(this.folder.open()).toMatchObject({ complete: true, damage: [] });
    this.#life++;
    for (const { author } of this.rooms) author.restart(this.#life);
    return killed ? "kill" : "restart";
  }

  #author(room: string, generation: number): LogAuthor {
    return new LogAuthor({ room, generation, life: this.#life, clientId: ++this.#clients });
  }

  #adopted(folder: SqliteFolder): SqliteFolder {
    folders.push(folder);
    return folder;
  }
}

test.each(seedsOf(4))("[P2][P10] the store says what a plain list of entries says, seed %i", { timeout: 60_000 }, (seed) => {
  const model = new Model(seed);
  const steps: string[] = [];
  for (let step = 0; step < stepsPerSeed; step++) {
    steps.push(model.step());
    try {
      model.check();
    } catch (error) {
      throw new Error(`after ${steps.slice(-5).join("; ")} (step ${step}); ${replayOf(seed, "sqlite-store.property.test.ts")}`, {
        cause: error,
      });
    }
  }
});

test("the model's text is that of its entries", () => {
  const author = new LogAuthor();
  author.type("abc");
  author.erase(1, 1);
  const document = new Y.Doc();
  for (const entry of author.entries) Y.applyUpdate(document, entry.payload);
  expect(document.getText("text").toString()).toBe("ac");
});

function applies(entry: Entry): boolean {
  return entry.payload.length > rubbish.length;
}
