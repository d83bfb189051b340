/**
 * Messages of Automerge's sync protocol, against Automerge: what it says is read as it reads it, what is written it understands, and a store of
 * changes that knows only hashes brings two of its documents together.
 */
import * as A from "automerge";
import { concatBytes, hexOf } from "@inkmesh/shared/base/bytes";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";
import {
  decodeSyncMessage,
  emptyFilter,
  encodeSyncMessage,
  filterOf,
  mayHave,
  type SyncMessage,
} from "@inkmesh/shared/wire/automerge-sync";
import { describe, expect, test } from "vitest";
import { someEditing, type Document } from "../engine/automerge-editing.ts";

const limits: ContentLimits = {
  partsPerUpdateMax: 50_000,
  authorsPerEditMax: 16,
  clockMax: 2 ** 40,
  nestingMax: 64,
  authorsPerRoomMax: 100,
};
const seeds = Array.from({ length: 8 }, (_, index) => index + 1);

function valueOf(bytes: Uint8Array): SyncMessage {
  const read = decodeSyncMessage(bytes);
  if (!read.ok) throw new Error(read.refusal.detail);
  return read.value;
}

/** What two documents say until they have nothing more to say. */
function conversation(left: Document, right: Document): readonly Uint8Array[] {
  const sides = [
    { document: A.clone(left), state: A.initSyncState() },
    { document: A.clone(right), state: A.initSyncState() },
  ];
  const said: Uint8Array[] = [];
  for (let silent = 0, at = 0; silent < 2; at = 1 - at) {
    const [state, message] = A.generateSyncMessage(sides[at]!.document, sides[at]!.state);
    sides[at]!.state = state;
    silent = message === null ? silent + 1 : 0;
    if (message === null) continue;
    said.push(Uint8Array.from(message));
    const other = sides[1 - at]!;
    [other.document, other.state] = A.receiveSyncMessage(other.document, other.state, message);
  }
  return said;
}

/** A relay reduced to what it knows without Automerge: an index, and the bytes of each change. */
class Store {
  readonly index = new AutomergeContentIndex();
  readonly #changes = new Map<string, Uint8Array>();

  take(update: Uint8Array): void {
    const admission = this.index.examine(update, "state", limits);
    if (admission.type !== "admitted") return;
    this.index.join(admission.change);
    const read = readChanges(admission.payload, limits);
    if (read.ok) for (const { hash, bytes } of read.value) this.#changes.set(hash, bytes);
  }

  /** What is said to somebody, of whom `heard` is the last word. */
  answer(heard: SyncMessage | undefined): Uint8Array {
    const filters = heard?.have.map(({ filter }) => filter) ?? [];
    const lacks = [...this.#changes].filter(([hash]) => heard !== undefined && !filters.some((filter) => mayHave(filter, hash)));
    const asked = heard?.need.flatMap((hash) => this.#changes.get(hash) ?? []) ?? [];
    const need = heard?.heads.filter((head) => !this.index.has(head)) ?? [];
    const have = [{ lastSync: [], filter: filterOf([...this.#changes.keys()]) }];
    return encodeSyncMessage({ heads: this.index.heads, need, have, changes: [...lacks.map(([, bytes]) => bytes), ...asked] });
  }
}

/** A client with a document of its own speaks with the store until both have the same; answers its document. */
function synced(store: Store, document: Document): Document {
  let mine = A.clone(document);
  let state = A.initSyncState();
  let heard: SyncMessage | undefined;
  for (let round = 0; ; round++) {
    [mine, state] = A.receiveSyncMessage(mine, state, store.answer(heard));
    let message: Uint8Array | null;
    [state, message] = A.generateSyncMessage(mine, state);
    if (message === null) return mine;
    if (round > 20) throw new Error("it never ends");
    expect(message[0], "who sends no flags is sent changes, not documents").toBe(0x42);
    heard = valueOf(message);
    store.take(heard.changes);
  }
}

describe("messages of Automerge's sync protocol", () => {
  test.each(seeds)("what Automerge says is read as Automerge reads it (seed %i)", { timeout: 60_000 }, (seed) => {
    const [left, right] = someEditing(seededRandom(seed), 30).documents as [Document, Document];
    const said = conversation(left, right);
    expect(said.length).toBeGreaterThan(1);
    for (const bytes of said) {
      const { heads, need, have, changes } = A.decodeSyncMessage(bytes);
      const message = valueOf(bytes);
      expect(message).toMatchObject({ heads, need, changes: concatBytes(changes), isReset: false });
      expect(message.have.map(({ lastSync }) => lastSync)).toEqual(have.map(({ lastSync }) => lastSync));
      const again = A.decodeSyncMessage(encodeSyncMessage({ ...message, changes }));
      expect(again).toMatchObject({ heads, need, have, changes });
    }
  });

  test.each(seeds)("a filter of hashes is Automerge's, bit for bit (seed %i)", { timeout: 60_000 }, (seed) => {
    const random = seededRandom(seed);
    const { changes, whole } = someEditing(random, 30);
    const hashes = changes.map((change) => A.decodeChange(change).hash);
    const [, message] = A.generateSyncMessage(whole, A.initSyncState());
    const filter = valueOf(message!).have[0]!.filter;
    expect(filterOf(hashes)).toEqual(filter);
    for (const hash of hashes) expect(mayHave(filter, hash)).toBe(true);
    const others = Array.from({ length: 500 }, () => hexOf(random.bytes(32))).filter((hash) => mayHave(filter, hash));
    expect(others.length, "about one in a hundred too many").toBeLessThan(30);
    expect(mayHave(emptyFilter, hashes[0]!)).toBe(false);
  });

  test.each(seeds)(
    "clients come together over a store that reads heads only, and are sent no document (seed %i)",
    { timeout: 60_000 },
    (seed) => {
      const { documents, whole } = someEditing(seededRandom(seed), 30);
      const store = new Store();
      for (const document of documents) synced(store, document);
      expect(store.index.heads).toEqual(A.getHeads(whole).toSorted());
      for (const document of [...documents, A.init<never>() as Document]) expect(A.toJS(synced(store, document))).toEqual(A.toJS(whole));
    },
  );

  test.each(seeds)("changed bytes are read or refused, in time (seed %i)", { timeout: 60_000 }, (seed) => {
    const random = seededRandom(seed);
    const [left, right] = someEditing(random, 20).documents as [Document, Document];
    const said = conversation(left, right);
    for (let round = 0; round < 300; round++) {
      const read = decodeSyncMessage(damaged(said[randomInteger(random, said.length)]!, random));
      if (!read.ok) continue;
      for (const { filter } of read.value.have) mayHave(filter, "ab".repeat(32));
      expect(valueOf(encodeSyncMessage({ ...read.value, changes: read.value.changes.length === 0 ? [] : [read.value.changes] }))).toEqual({
        ...read.value,
        isReset: false,
        takesDocuments: false,
        have: read.value.have.map(({ lastSync, filter }) => ({ lastSync, filter: filter.entries === 0 ? emptyFilter : filter })),
      });
    }
  });
});

function damaged(message: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(message);
  for (let left = 1 + randomInteger(random, 3); left > 0; left--) bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
  return random.fraction() < 0.3 ? bytes.subarray(0, randomInteger(random, bytes.length)) : bytes;
}
