/**
 * YLeveldbSource: the folder in which y-leveldb keeps documents, as y-websocket's server does with `YPERSISTENCE`.
 *
 *     key      parts, each a tag and a value: 0 varString · 1 uint32, big endian
 *              ["v1", name, "update", number]   one update, in the order in which they were stored
 *              ["v1", name, "meta", key]        the application's own; not read
 *              ["v1_sv", name]                  a state vector as of some update; not needed
 *
 * Opening a LevelDB writes into its folder: it moves its log into a table of the next number, and empties a file of that name before (what
 * a compaction was writing when its server was killed has such a name). So it is opened as a copy (`source-copy.ts`). The server that writes it
 * has to be stopped.
 * LevelDB drops what it cannot read of its log, with all that follows it in the same block, and opens as if nothing were; it says so only in
 * the file LOG of its folder. The copy begins without one, so whatever stands there is about this source.
 * Source: y-leveldb's `src/y-leveldb.js`; LevelDB's `doc/impl.md`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { ImportSource, SourceNames } from "./import-source.ts";
import { isLevelFile } from "./level-file.ts";
import { SourceCopy } from "./source-copy.ts";

type Part = string | number;
type Level = ClassicLevel<Uint8Array, Uint8Array>;

const tag = { text: 0, number: 1 } as const;
const numberMax = 2 ** 32 - 1;
/** In LevelDB's LOG: `db/db_impl.cc`, `db/version_set.cc`, `db/repair.cc`. */
const troubles = /dropping \d+ bytes|ignoring error|corruption|compaction error/i;

export class YLeveldbSource implements ImportSource {
  readonly kind = "y-leveldb";
  readonly #copy: SourceCopy;
  readonly #level: Level;

  private constructor(copy: SourceCopy, level: Level) {
    this.#copy = copy;
    this.#level = level;
  }

  /** Rejects with an Error in words when LevelDB cannot open it. */
  static async open(folder: string): Promise<YLeveldbSource> {
    const names = readdirSync(folder).filter(isLevelFile);
    const copy = new SourceCopy(names.map((name) => join(folder, name)));
    try {
      const encodings = { keyEncoding: "view", valueEncoding: "view" } as const;
      const level: Level = new ClassicLevel(copy.folder, { ...encodings, createIfMissing: false });
      await level.open();
      return new YLeveldbSource(copy, level);
    } catch (error) {
      copy.remove();
      throw new Error(wordsOf(error), { cause: error });
    }
  }

  async names(): Promise<SourceNames> {
    const names = new Set<string>();
    try {
      for await (const key of this.#level.keys({ gte: keyOf(["v1", ""]).subarray(0, -1), lt: keyOf(["v1", 0]) })) {
        const [, name, what] = partsOf(key) ?? [];
        if (typeof name === "string" && what === "update") names.add(name);
      }
    } catch (error) {
      return { names: [...names], problem: wordsOf(error) };
    }
    return { names: [...names], problem: this.#dropped() };
  }

  async updates(name: string): Promise<readonly Uint8Array[]> {
    const range = { gte: keyOf(["v1", name, "update", 0]), lte: keyOf(["v1", name, "update", numberMax]) };
    try {
      return await this.#level.values(range).all();
    } catch (error) {
      throw new Error(wordsOf(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#level.close();
    this.#copy.remove();
  }

  /** What LevelDB has left out since it was opened, in its own words. */
  #dropped(): string | undefined {
    const lines = readFileSync(join(this.#copy.folder, "LOG"), "utf8").split("\n");
    // Behind the time and the thread.
    const said = lines.filter((line) => troubles.test(line)).map((line) => line.replace(/^\S+ \S+ /, "").trim());
    return said.length === 0 ? undefined : `LevelDB: ${[...new Set(said)].join("; ")}`;
  }
}

function keyOf(parts: readonly Part[]): Uint8Array {
  return encoding.encode((encoder) => {
    for (const part of parts) {
      encoding.writeUint8(encoder, typeof part === "string" ? tag.text : tag.number);
      if (typeof part === "string") encoding.writeVarString(encoder, part);
      else encoding.writeUint32BigEndian(encoder, part);
    }
  });
}

/** Undefined: somebody else's key. */
function partsOf(key: Uint8Array): readonly Part[] | undefined {
  try {
    const decoder = decoding.createDecoder(key);
    const parts: Part[] = [];
    while (decoding.hasContent(decoder))
      parts.push(decoding.readUint8(decoder) === tag.text ? decoding.readVarString(decoder) : decoding.readUint32BigEndian(decoder));
    return parts;
  } catch {
    return undefined;
  }
}

/** LevelDB says why in the cause of an error that only says that it failed. */
function wordsOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
