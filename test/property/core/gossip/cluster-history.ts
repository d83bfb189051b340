/**
 * ClusterHistory: a seeded history of relays' real cores (`relay-cluster.ts`) with people who type at them: cut links, kill -9
 * with the loss of what is not on disk, lost data folders; then calm. It looks at the disks when something is called saved, and
 * afterwards with readers who have nothing, because people who keep their documents repair nearly every loss.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { Lineage, RelayId } from "@inkmesh/shared/base/ids";
import { comparePositions } from "@inkmesh/shared/ring/hash";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import { limitsWith } from "../../../../server/config.ts";
import { aLineage } from "../../../unit/core/core-world.ts";
import { ClusterTypist, type TypedEdit } from "../../../unit/core/gossip/cluster-typist.ts";
import { RelayCluster, type Seat } from "../../../unit/core/gossip/relay-cluster.ts";
import type { MemoryDisk } from "../../../unit/core/memory-disk.ts";

const { content } = limitsWith();
const room = aLineage("note").room;

/** What a saved edit rests on. */
interface Saved {
  readonly generation: number;
  readonly update: Uint8Array;
  readonly disks: readonly MemoryDisk[];
}

export interface HistoryShape {
  readonly relays: number;
  readonly replicas: number;
  /** Every room that nobody uses leaves memory at once. */
  readonly isForgetful?: boolean;
  /** Clocks are pruned as soon as that is possible. */
  readonly prunes?: boolean;
}

export class ClusterHistory {
  readonly cluster: RelayCluster;
  readonly happened = new Map<string, number>();
  readonly #saved: Saved[] = [];
  /** When the deletion of a generation was answered as done, and on which disks it was then. */
  readonly #closed = new Map<number, { readonly atMs: number; readonly disks: readonly MemoryDisk[] }>();
  readonly #deletions: { readonly generation: number; readonly answer: () => { readonly type: string } | undefined }[] = [];
  /** All belong before anything happens to them, and nobody leaves. */
  readonly #replicas: readonly RelayId[];
  readonly #prunes: boolean;
  #typists: ClusterTypist[];
  #people = 0;

  constructor(seed: number, { relays, replicas, isForgetful = false, prunes = false }: HistoryShape) {
    this.#prunes = prunes;
    const limits = {
      tailEntriesMax: 40,
      ...(isForgetful ? { roomCacheBytes: 0 } : {}),
      ...(prunes ? { clockActorsMax: 1 } : {}),
      replication: { waitingEntriesMax: 8, sweepMs: 10_000, exchangeAgainMs: 3_000, countedDotsMax: 32 },
    };
    this.cluster = new RelayCluster({ seed, relays, replicas, limits });
    this.cluster.tap = (_from, _to, { messages }) => {
      if (messages.some(({ type }) => type === "pruned")) this.count("pruned");
    };
    this.cluster.startAll();
    this.cluster.run(15_000);
    const { newest } = this.cluster.ring;
    assert(newest.members.length === relays, "all relays belong before anything happens to them");
    this.#replicas = newest.preferenceList(room, replicas);
    this.cluster.diskMsMax = 1 + this.cluster.chance(60);
    this.cluster.lineMsMax = 1 + this.cluster.chance(60);
    this.#typists = Array.from({ length: 3 }, () => this.#newTypist());
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#someEvent();
      this.#look();
      this.cluster.run(this.cluster.chance(40));
    }
  }

  /** Everything runs and reaches everything, and whoever was sent away comes again, as clients do. */
  calm(): void {
    this.cluster.heal();
    this.cluster.startAll();
    for (let round = 0; round < 20; round++) {
      for (const typist of this.#typists) if (!typist.isConnected) typist.connect(this.#someSeat());
      this.cluster.run(2_000);
      this.#look();
    }
    this.cluster.run(30_000);
  }

  /** After calm. */
  checkEnd(): void {
    assert(
      this.#typists.every(({ isDeleted }) => !isDeleted),
      "nobody is sent away as if the document were deleted",
    );
    for (const typist of this.#typists) assert(typist.unsaved === 0, `everything is saved, ${typist.unsaved} edits are not`);
    const seats = this.cluster.seats.filter((seat) => this.#isReplica(seat));
    const generation = seats[0]!.disk.records.get(room)?.generation ?? 0;
    const lineage = { room, generation };
    for (const { self, disk } of seats) {
      const [mine, theirs] = [disk, seats[0]!.disk].map((each) => recordDigest(each.records.get(room)));
      assert(comparePositions(mine!, theirs!) === 0, `${self} has the record of ${seats[0]!.self}`);
    }
    for (const { self, disk } of seats) {
      assert(disk.index(lineage).hash() === seats[0]!.disk.index(lineage).hash(), `${self} has the content of ${seats[0]!.self}`);
      const [mine, theirs] = [disk, seats[0]!.disk].map((each) => each.load(room));
      // A name that was on its way to a disk while it was pruned is there until the next compaction.
      const areAlike = this.#prunes || (mine!.ok && theirs!.ok && mine!.value.clock.compare(theirs!.value.clock) === "equal");
      assert(areAlike, `${self} has the clock of the first`);
      assert(disk.marks.has(room), `${self} is complete`);
    }
    for (const { update, disks: held, generation: saved } of this.#saved) {
      if (saved < generation || (saved === generation && holds(seats[0]!.disk, lineage, update))) continue;
      assert(this.#areLost(held), "what was saved is there, or all disks that held it were lost");
      this.count("lost with its disks");
    }
    this.#readAfresh();
  }

  count(what: string): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1);
  }

  /** Readers with nothing see the same everywhere. */
  #readAfresh(): void {
    const readers = this.cluster.seats.map((seat) => new ClusterTypist(this.cluster, "note", 1_000_000).connect(seat));
    this.cluster.run(5_000);
    const texts = new Set([...readers, ...this.#typists].map(({ text }) => text));
    assert(readers.every(({ isSynced }) => isSynced) && texts.size === 1, `everybody reads the same, not ${texts.size} texts`);
    if ([...texts][0]!.length > 0) this.count("read");
  }

  #newTypist(): ClusterTypist {
    this.#people += 1;
    const typist = new ClusterTypist(this.cluster, "note", this.#people);
    typist.onSaved = (edit, { copies, needed }) => this.#audit(edit, typist.generation!, copies, needed);
    return typist.connect(this.#someSeat());
  }

  #audit({ update, typedMs }: TypedEdit, generation: number, copies: number, needed: number): void {
    const closed = this.#closed.get(generation);
    const isLate = closed !== undefined && typedMs > closed.atMs;
    assert(!isLate || this.#areLost(closed.disks), `nothing typed after generation ${generation} was closed is saved in it`);
    const lineage = { room, generation };
    // A deletion that comes behind it empties disks that had it.
    const isClosed = this.cluster.seats.some(({ disk }) => this.#isClosedOn(disk, generation));
    const held = this.cluster.seats.flatMap((seat) => {
      const disks = [seat.disk, ...seat.lostDisks].filter(
        (disk) => this.#vouches(seat, disk) && (this.#isClosedOn(disk, generation) || holds(disk, lineage, update)),
      );
      return disks.slice(0, 1);
    });
    assert(held.length >= needed, `an edit is called saved on ${copies}, and ${held.length} disks have it, of ${needed} that it needs`);
    assert(held.length >= copies, `an edit is said to be on ${copies} disks, and ${held.length} have it`);
    if (!isClosed) this.#saved.push({ generation, update, disks: held });
    this.count("saved");
  }

  #isClosedOn(disk: MemoryDisk, generation: number): boolean {
    const record = disk.records.get(room);
    return record !== undefined && (record.generation > generation || (record.generation === generation && record.deleted !== undefined));
  }

  /** All that there are and were. */
  #disks(): readonly MemoryDisk[] {
    return this.cluster.seats.flatMap(({ disk, lostDisks }) => [disk, ...lostDisks]);
  }

  #areLost(disks: readonly MemoryDisk[]): boolean {
    return disks.every((disk) => this.cluster.seats.every((seat) => seat.disk !== disk));
  }

  /** One that only lost disks knew. Whoever has it is told everywhere that the relay is behind, until somebody makes it anew. */
  #isLost(generation: number): boolean {
    const knows = (disk: MemoryDisk): boolean => (disk.records.get(room)?.generation ?? 0) >= generation;
    return this.#disks().some(knows) && this.#areLost(this.#disks().filter(knows));
  }

  #vouches(seat: Seat, disk: MemoryDisk): boolean {
    return this.#isReplica(seat) && disk.marks.has(room);
  }

  #isReplica(seat: Seat): boolean {
    return this.#replicas.includes(seat.self);
  }

  // -- what happens ----------------------------------------------------------------------------------------------------

  #someEvent(): void {
    const dice = this.cluster.chance(1_000);
    if (dice < 700) return this.#someTypist((typist) => this.#edit(typist));
    if (dice < 760) return this.#someTypist((typist) => this.#move(typist));
    if (dice < 800) return this.#retire();
    if (dice < 840) return this.#cut();
    if (dice < 910) return this.cluster.heal();
    if (dice < 940) return this.#crash();
    if (dice < 980) return this.#startOne();
    if (dice < 984) return this.#wipe();
    if (dice < 996) return this.#delete();
    return this.cluster.run(3_000);
  }

  #delete(): void {
    const seat = this.#someSeat();
    const record = seat.disk.records.get(room);
    if (seat.life === undefined || record === undefined || record.deleted !== undefined) return;
    const answer = this.cluster.ask(seat, { type: "delete", room, principal: "" });
    this.#deletions.push({ generation: record.generation, answer });
    this.count("delete");
  }

  /** What was answered by now; who is in a closed generation, or one that is lost, goes, and the next one is opened. */
  #look(): void {
    for (const { generation, answer } of this.#deletions)
      if (answer()?.type === "done" && !this.#closed.has(generation)) {
        const disks = this.#disks().filter((disk) => this.#isClosedOn(disk, generation));
        this.#closed.set(generation, { atMs: this.cluster.nowMs, disks });
        this.count("deleted");
      }
    for (const [place, typist] of this.#typists.entries()) {
      const { seat, generation } = typist;
      if (generation !== undefined && this.#isLost(generation)) {
        this.count("lost generation");
        this.#typists[place] = this.#newTypist();
      }
      if (!typist.isDeleted) continue;
      const isClosed = generation === undefined || this.#disks().some((disk) => this.#isClosedOn(disk, generation));
      assert(isClosed, `who has generation ${generation} is told that it is deleted when it was`);
      if (seat?.life !== undefined && seat.disk.records.get(room)?.deleted !== undefined)
        this.cluster.ask(seat, { type: "create", room, title: undefined, kind: undefined, principal: "" });
      this.cluster.run(200);
      this.#typists[place] = this.#newTypist();
    }
  }

  #edit(typist: ClusterTypist): void {
    if (this.cluster.chance(5) === 0) typist.erase();
    else typist.type(String.fromCharCode(97 + this.cluster.chance(26)));
    if (!typist.isConnected) this.#move(typist);
  }

  #move(typist: ClusterTypist): void {
    if (typist.isConnected) return;
    typist.connect(this.#someSeat());
    this.count("moved");
  }

  /** Somebody with nothing unsaved goes, and somebody with nothing comes. */
  #retire(): void {
    const place = this.cluster.chance(this.#typists.length);
    if (this.#typists[place]!.unsaved > 0) return;
    this.#typists[place] = this.#newTypist();
    this.count("retired");
  }

  #cut(): void {
    const [one, other] = [this.#someSeat(), this.#someSeat()];
    if (one === other) return;
    this.cluster.cut(one, other);
    this.count("cut");
  }

  #crash(): void {
    const running = this.cluster.running();
    if (running.length < 2) return;
    this.cluster.crash(running[this.cluster.chance(running.length)]!);
    this.count("crash");
  }

  /** The first relay's folder stays, since the others find the mesh by it. */
  #wipe(): void {
    const seat = this.cluster.seat(1 + this.cluster.chance(this.cluster.seats.length - 1));
    this.cluster.wipe(seat);
    this.count("wipe");
  }

  #startOne(): void {
    const down = this.cluster.seats.filter(({ life }) => life === undefined);
    if (down.length > 0) this.cluster.start(down[this.cluster.chance(down.length)]!);
  }

  #someTypist(then: (typist: ClusterTypist) => void): void {
    then(this.#typists[this.cluster.chance(this.#typists.length)]!);
  }

  #someSeat(): Seat {
    return this.cluster.seat(this.cluster.chance(this.cluster.seats.length));
  }
}

function holds(disk: MemoryDisk, lineage: Lineage, update: Uint8Array): boolean {
  return disk.index(lineage).examine(update, "edit", content).type === "known";
}
