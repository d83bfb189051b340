/**
 * Each checker of the simulator is shown the fault that it is there for, and what looks like it and is none.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import * as Y from "yjs";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { limitsWith } from "../../../server/config.ts";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { LogAuthor } from "../../contract/log-author.ts";
import { AuditLog } from "../../sim/checkers/audit-log.ts";
import { mustBeWithinLimits } from "../../sim/checkers/bounds.ts";
import { mustBeAlike, mustHoldWordsOnce } from "../../sim/checkers/convergence.ts";
import { DevicePromises } from "../../sim/checkers/device-promises.ts";
import { FreshReader } from "../../sim/checkers/fresh-reader.ts";
import { Platters } from "../../sim/checkers/platters.ts";
import { ReadYourWrites } from "../../sim/checkers/read-your-writes.ts";
import type { Placing } from "../../sim/checkers/rings.ts";
import { SavedStays } from "../../sim/checkers/saved-stays.ts";
import { snapshotEqualsLog } from "../../sim/checkers/snapshot-equals-log.ts";
import { WirePromises } from "../../sim/checkers/wire-promises.ts";
import { contentOf, visible } from "../../sim/checkers/content.ts";
import { SimDisk, type Transaction } from "../../sim/sim-disk.ts";
import type { SimLine } from "../../sim/sim-network.ts";
import { yMessage } from "../core/scripted-client.ts";

const room = "a room" as RoomName;
const lineage = { room, generation: 0 };
const hlc = { physicalMs: 1, logical: 0, relay: "a" as never };
const record = { ...lineage, title: undefined, kind: undefined, deleted: undefined, everDeleted: false, created: hlc };

/** An author, and an audit that has what the author typed. */
function written(text: string): { author: LogAuthor; audit: AuditLog } {
  const author = new LogAuthor();
  const audit = new AuditLog();
  if (text !== "") audit.synced({ type: "append", batch: [author.type(text)] });
  return { author, audit };
}

/** What is wrong is thrown where it is noticed. */
const world = { watch: (look: () => void) => look(), nowMs: 0 };

function aDisk(): SimDisk {
  return new SimDisk({ random: seededRandom(1), nestingMax: 10 });
}

function ringsOf(...relays: readonly string[]) {
  const placing: Placing = { replicasOf: () => relays as never };
  return { placing, ever: [placing], isNamed: () => true };
}

/** The disks of `relays`, which are the replicas of all rooms. */
function plattersOf(relays: readonly string[]) {
  const rings = ringsOf(...relays);
  const platters = new Platters({ world, rings, areMarked: true });
  const disks = new Map(relays.map((relay) => [relay, aDisk()] as const));
  for (const [relay, disk] of disks) platters.attach(relay as never, disk);
  const take = (relay: string, transaction: Transaction): void => disks.get(relay)!.onSynced(transaction);
  return { platters, disks, take, placing: rings.placing };
}

/** One relay's disk, alone, with what the audit of it has. */
function plattersWith(audit: AuditLog): Platters {
  const platters = new Platters({ world, rings: ringsOf("a"), areMarked: false });
  platters.attach("a" as never, aDisk(), audit);
  return platters;
}

const append = (...entries: Entry[]) => ({ type: "append", batch: [{ lineage, entries }] }) as const;

describe("the audit of the disk", () => {
  test("takes entries in order, and the same ones again", () => {
    const { author, audit } = written("abc");
    audit.synced(append(...author.entries));
    expect(visible(audit.of(lineage).doc).text).toBe("abc");
  });

  test("a dot that names two payloads is found", () => {
    const { author, audit } = written("a");
    expect(() => audit.synced(append({ ...author.entries[0]!, payload: Uint8Array.of(0, 0) }))).toThrow(/named/);
  });

  test("a counter that is left out is found", () => {
    const { author, audit } = written("a");
    const [, third] = author.type("bc").entries;
    expect(() => audit.synced(append(third!))).toThrow(/came after counter 1/);
  });

  test("an entry before what it depends on is found", () => {
    const { author, audit } = written("a");
    const other = VectorClock.of([["b.1" as never, 1]]);
    const [entry] = author.type("b").entries;
    expect(() => audit.synced(append({ ...entry!, deps: entry!.deps.join(other) }))).toThrow(/before what it depends on/);
  });

  test("content that hangs on nothing is found", () => {
    const { author, audit } = written("a");
    const [lost, kept] = author.type("bc").entries;
    const dot = lost!.dot;
    expect(() => audit.synced(append({ ...kept!, dot, deps: lost!.deps }))).toThrow(/hangs on something/);
  });

  test("a stamp that goes back is found", () => {
    const { author, audit } = written("a");
    const [entry] = author.type("b").entries;
    expect(() => audit.synced(append({ ...entry!, hlc: { ...entry!.hlc, physicalMs: 1 } }))).toThrow(/is stamped 1/);
  });

  test("a generation that comes back after its deletion is found, and content of it in the next", () => {
    const { author, audit } = written("a");
    audit.synced({ type: "record", record: { ...record, deleted: { hlc, by: "" } } });
    expect(() => audit.synced({ type: "record", record })).toThrow(/was closed and came back/);
    audit.synced({ type: "record", record: { ...record, generation: 1 } });
    expect(() => audit.synced({ type: "record", record })).toThrow(/went back/);
    const late = { ...author.entries[0]!, deps: VectorClock.empty };
    expect(() => audit.synced({ type: "append", batch: [{ lineage: { room, generation: 1 }, entries: [late] }] })).toThrow(
      /came back in a later/,
    );
  });
});

describe("the audit of several disks", () => {
  const whole = (author: LogAuthor) => ({ type: "append", batch: [{ lineage, entries: author.entries, completes: true }] }) as const;

  test("a dot that names two payloads on two disks is found, on a lost disk, too", () => {
    const { author } = written("a");
    const { platters, disks, take } = plattersOf(["a", "b"]);
    take("a", append(...author.entries));
    platters.lose("a" as never, disks.get("a")!);
    expect(() => take("b", append({ ...author.entries[0]!, payload: Uint8Array.of(0, 0) }))).toThrow(/on another disk/);
  });

  test("a clock that covers what is not on the disk is found, unless it is on no disk any more", () => {
    const { author } = written("ab");
    const { platters, disks, take } = plattersOf(["a", "b"]);
    take("a", append(...author.entries));
    const cover = { type: "append", batch: [{ lineage, entries: [], cover: author.clock }] } as const;
    expect(() => take("b", cover)).toThrow(/says that it has .*:1, and has not/);
    platters.lose("a" as never, disks.get("a")!);
    take("b", cover);
  });

  test("only replicas that say that they are complete count, each once, those whose disk is lost, too", () => {
    const { author } = written("a");
    const { platters, disks, take, placing } = plattersOf(["a", "b", "c"]);
    const content = contentOf(author.entries[0]!.payload);
    take("a", whole(author));
    take("b", append(...author.entries));
    expect(platters.copies(lineage, content, placing)).toHaveLength(1);
    take("c", whole(author));
    platters.lose("c" as never, disks.get("c")!);
    platters.attach("c" as never, aDisk());
    expect(platters.copies(lineage, content, placing)).toHaveLength(2);
    expect(platters.isSaved(lineage, content)).toBe(true);
  });

  test("a saved edit that is gone is found while one of its disks is there, and is lost when none is", () => {
    const { author } = written("a");
    const { platters, disks, take, placing } = plattersOf(["a", "b", "c"]);
    const stays = new SavedStays(platters, () => 0);
    for (const relay of ["a", "b"]) take(relay, whole(author));
    const content = contentOf(author.entries[0]!.payload);
    stays.saved(lineage, content, [placing]);
    stays.atRest();
    platters.together = () => new Y.Doc();
    expect(() => stays.atRest()).toThrow(/saved on 2 disks/);
    for (const relay of ["a", "b"]) platters.lose(relay as never, disks.get(relay)!);
    stays.atRest();
    expect(stays.lostWithDisks).toBe(1);
  });

  test("a disk that begins to vouch and lacks what was saved is found, unless that was a moment ago or is lost", () => {
    const { author } = written("a");
    const { platters, disks, take, placing } = plattersOf(["a", "b", "c"]);
    let nowMs = 0;
    const stays = new SavedStays(platters, () => nowMs);
    const vouches = { type: "append", batch: [{ lineage, entries: [], completes: true }] } as const;
    for (const relay of ["a", "b"]) take(relay, whole(author));
    stays.saved(lineage, contentOf(author.entries[0]!.payload), [placing]);
    nowMs = 5_000;
    take("c", vouches);
    nowMs = 20_000;
    platters.attach("c" as never, disks.get("c")!);
    expect(() => take("c", vouches)).toThrow(/c vouches for a room, and lacks what was saved/);
    for (const relay of ["a", "b"]) platters.lose(relay as never, disks.get(relay)!);
    platters.attach("c" as never, disks.get("c")!);
    take("c", vouches);
  });

  test("a stamp far ahead of the wall is found", () => {
    const { author, audit } = written("");
    author.type("a");
    audit.latestWallMs = author.entries[0]!.hlc.physicalMs - 600;
    expect(() => audit.synced(append(...author.entries))).toThrow(/90 ms too late/);
    audit.latestWallMs += 100;
    audit.synced(append(...author.entries));
  });

  test("a copy of a disk has what the disk has, and goes its own way", async () => {
    const { author, audit } = written("a");
    const disk = aDisk();
    disk.write(append(...author.entries));
    await disk.sync();
    const [copied, ofCopy] = [audit.copy(), await disk.copy(seededRandom(2))];
    audit.synced({ type: "append", batch: [author.type("b")] });
    expect(visible(copied.of(lineage).doc).text).toBe("a");
    const loaded = await ofCopy.image.load(room);
    expect(loaded.ok && loaded.value.tail).toHaveLength(1);
  });
});

describe("the wire's promises", () => {
  const line = (path: string) => ({ path, number: 1, client: { name: "tab" } }) as unknown as SimLine;
  const open = { type: "open", channel: 1, room, generation: undefined, access: "read-write", token: "" } as const;
  const durability = { copies: 1, replicas: 1, needed: 1 };

  function wireOf(audit: AuditLog): WirePromises {
    const [platters, placingsOf] = [plattersWith(audit), () => ringsOf("a").ever] as const;
    return new WirePromises({ platters, auditOf: () => audit, placingsOf, isHonest: () => true, saved: () => undefined });
  }

  /** A session on a native line that has been opened, with `updates` sent by the client. */
  function session(audit: AuditLog, updates: readonly Uint8Array[]) {
    const wire = wireOf(audit);
    const native = line("/sync");
    const say = (message: RelayMessage): void => encodeRelayMessage(message).forEach((frame) => wire.fromRelay(native, frame));
    const hear = (...messages: Parameters<typeof encodeClientMessages>[0]): void =>
      encodeClientMessages(messages).forEach((frame) => wire.toRelay(native, frame));
    hear({ ...open, clock: VectorClock.empty, stateVector: Uint8Array.of(0) });
    const stateVector = Y.encodeStateVector(audit.of(lineage).doc as Y.Doc);
    say({ type: "opened", channel: 1, handle: 7, generation: 0, access: "read-write", replicas: 1, needed: 1, stateVector });
    if (updates.length > 0) hear({ type: "updates", channel: 1, first: 1, kind: "edit", updates });
    return { say, wire };
  }

  test("an ack of what is on disk passes, of what is not is found", () => {
    const { author, audit } = written("a");
    const [onDisk] = author.entries;
    const [notYet] = author.type("b").entries;
    const { say } = session(audit, [onDisk!.payload, notYet!.payload]);
    say({ type: "ack", handle: 7, number: 1, ...durability });
    expect(() => say({ type: "ack", handle: 7, number: 2, ...durability })).toThrow(/on 1, and a reader of the disk would see it on 0/);
  });

  test("an ack that counts other replicas than the ring names is found, and one with which fewer are enough", () => {
    const { author, audit } = written("a");
    const { say } = session(audit, [author.entries[0]!.payload]);
    expect(() => say({ type: "ack", handle: 7, number: 1, copies: 1, replicas: 3, needed: 2 })).toThrow(/2 of 3 are enough/);
    expect(() => say({ type: "ack", handle: 7, number: 1, copies: 1, replicas: 1, needed: 0 })).toThrow(/0 of 1 are enough/);
  });

  test("an ack of a deletion that is not on disk is found", () => {
    const { author, audit } = written("a");
    const [deletion] = author.erase(0, 1).entries;
    const { say } = session(audit, [deletion!.payload]);
    expect(() => say({ type: "ack", handle: 7, number: 1, ...durability })).toThrow(/would see it on 0/);
  });

  test("an ack of a number that was never sent is found", () => {
    const { audit } = written("a");
    const { say } = session(audit, []);
    expect(() => say({ type: "ack", handle: 7, number: 1, ...durability })).toThrow(/was acked number 1/);
  });

  test("a clock, and a state vector, beyond the disk are found", () => {
    const { author, audit } = written("a");
    author.type("b");
    const { say } = session(audit, []);
    say({ type: "synced", handle: 7, clock: audit.of(lineage).clock, token: "" });
    expect(() => say({ type: "clock", handle: 7, clock: author.clock, token: "" })).toThrow(/was told/);
    const wire = wireOf(audit);
    const step1 = yMessage([0, 0], Y.encodeStateVector(author.document));
    expect(() => wire.fromRelay(line("/y/a%20room"), step1)).toThrow(/was told client 7 at 2/);
  });

  test("content before what it hangs on is found, in order it passes", () => {
    const { author, audit } = written("ab");
    const [first, second] = author.entries.map((entry) => entry.payload);
    expect(() => session(audit, []).say({ type: "updates", handle: 7, updates: [second!] })).toThrow(/hangs on client 7 at 0/);
    session(audit, []).say({ type: "updates", handle: 7, updates: [first!, second!] });
  });

  test("content of a generation that was closed is found", () => {
    const { author, audit } = written("a");
    const { say } = session(audit, []);
    audit.synced({ type: "record", record: { ...record, deleted: { hlc, by: "" } } });
    expect(() => say({ type: "updates", handle: 7, updates: [author.entries[0]!.payload] })).toThrow(/is closed/);
  });

  test("two messages in one frame to a y-websocket client are found, and bytes that say nothing", () => {
    const wire = wireOf(new AuditLog());
    const one = yMessage([1], Uint8Array.of(0));
    expect(() => wire.fromRelay(line("/y/x"), Uint8Array.from([...one, ...one]))).toThrow("line 1: ");
    expect(() => wire.fromRelay(line("/sync"), Uint8Array.of(255, 255))).toThrow("line 1:");
  });
});

describe("the device's promises", () => {
  const entry = (author: LogAuthor, index: number) => ({ tab: "t", number: index, createdMs: 1, bytes: author.entries[index]!.payload });

  test("an edit that leaves the outbox before it is on the relay's disk is found", () => {
    const { author, audit } = written("a");
    author.type("b");
    const watcher = new DevicePromises(plattersWith(audit)).watcher("device");
    watcher.asked(room, [{ type: "saved", entries: [entry(author, 0)] }]);
    expect(() => watcher.asked(room, [{ type: "saved", entries: [entry(author, 1)] }])).toThrow(/not visible on the relay's disk/);
  });

  test("an honest edit that is refused for good is found", () => {
    const { author, audit } = written("a");
    const watcher = new DevicePromises(plattersWith(audit)).watcher("device");
    expect(() => watcher.asked(room, [{ type: "set-aside", entry: entry(author, 0), code: "BAD_UPDATE" }])).toThrow(/BAD_UPDATE/);
  });

  test("an edit that a device kept and nobody sent is found at rest, unless the database was taken away", () => {
    const { author, audit } = written("a");
    author.type("b");
    const promises = new DevicePromises(plattersWith(audit));
    promises.watcher("device").kept(room, [{ type: "edits", entries: [entry(author, 0), entry(author, 1)] }]);
    expect(() => promises.atRest()).toThrow(/edit a room t:1 of device/);
    promises.evicted("device");
    promises.atRest();
  });
});

describe("at rest", () => {
  test("documents that differ by a word, by a deletion alone, or by something that waits are found", () => {
    const { author, audit } = written("ab");
    const disk = audit.of(lineage).doc;
    mustBeAlike(disk, "equal", author.document);
    const [erased] = author.erase(0, 1).entries;
    expect(() => mustBeAlike(disk, "ahead", author.document)).toThrow(/differs from the disk/);
    const hidden = new Y.Doc();
    Y.applyUpdate(hidden, erased!.payload);
    expect(() => mustBeAlike(new Y.Doc(), "waiting", hidden)).toThrow(/still waits/);
  });

  test("a word that is there twice is found", () => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "<abcdefgh><12345678>");
    mustHoldWordsOnce(doc, "here");
    doc.getText("text").insert(0, "<12345678>");
    expect(() => mustHoldWordsOnce(doc, "here")).toThrow(/<12345678> is in here twice/);
  });

  test("a fresh reader who lacks a struct or a deletion is found", () => {
    const { author, audit } = written("ab");
    const copy = (): Y.Doc => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(author.document));
      return doc;
    };
    const early = copy();
    new FreshReader({ audit: () => audit, room }).synced("in time", early);
    audit.synced({ type: "append", batch: [author.erase(0, 1)] });
    expect(() => new FreshReader({ audit: () => audit, room }).synced("late", early)).toThrow(/lacks what was on disk/);
    new FreshReader({ audit: () => audit, room }).synced("in time", copy());
  });

  test("a reader over HTTP who is shown less than before is found", () => {
    const { author } = written("a");
    const answer = (doc: Y.Doc) => ({ type: "content", bytes: Y.encodeStateAsUpdate(doc), token: "t", generation: 0 }) as const;
    const reader = new ReadYourWrites(room);
    const early = reader.ask();
    reader.ask().answered(answer(author.document));
    expect(() => reader.ask().answered(answer(new Y.Doc()))).toThrow(/shown less than before/);
    reader.ask().answered({ type: "refused", refusal: { code: "BEHIND", detail: "" } });
    // Asked before the other answer came: it promised nothing.
    early.answered(answer(new Y.Doc()));
  });

  test("a snapshot that lost something is found", async () => {
    const { author, audit } = written("ab");
    const stored = (state: Y.Doc) => {
      const snapshot = {
        clock: author.clock,
        state: Y.encodeStateAsUpdate(state),
        stateVector: new Uint8Array(),
        deleteSetUpdate: new Uint8Array(),
      };
      const value = { record: undefined, snapshot, tail: [], index: new Uint8Array(), clock: author.clock };
      return { image: { load: async () => ({ ok: true, value }) } } as never;
    };
    await snapshotEqualsLog(stored(author.document), audit, lineage, (clock) => clock);
    await expect(snapshotEqualsLog(stored(new Y.Doc()), audit, lineage, (clock) => clock)).rejects.toThrow(/differs after a compaction/);
  });

  test("a queue beyond its limit is found", () => {
    const limits = limitsWith({ connectionsMax: 2 });
    const census = { sessions: 0, roomsInUse: 0, roomsIdle: 0, cacheBytes: 0, appendsInFlight: 0, waitingBytes: 0, waitingMessages: 0 };
    const upkeep = { roomsToHandOver: 0, roomsBeingHandedOver: 0, roomsToHandOverMost: 0, roomsToComplete: 0 };
    const rest = { waitingMessageBytes: 0, waitingRequests: 0, deadlines: 0, roomsToDrop: 0, roomsDropped: 0, ...upkeep };
    mustBeWithinLimits({ ...census, ...rest, connections: 2 }, limits);
    expect(() => mustBeWithinLimits({ ...census, ...rest, connections: 3 }, limits)).toThrow(/connections is 3, limit 2/);
  });
});
