/**
 * UpdateFolderSource: a folder of files that are Yjs updates (version 1).
 *
 *     notes.bin           the document "notes": the file's name without its last extension
 *     minutes/001.bin     the document "minutes": a folder's name, whole; every file in it is one of its updates, in any order
 *     a%2Fb.bin           the document "a/b": names are percent-decoded where they can be
 *
 * What begins with a dot is passed over. Several files that name one document are its updates together.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, parse } from "node:path";
import type { ImportSource, SourceNames } from "./import-source.ts";

export class UpdateFolderSource implements ImportSource {
  readonly kind = "yjs-updates";
  readonly #folder: string;
  /** Files and folders by the document that they are of. */
  readonly #places = new Map<string, string[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  names(): Promise<SourceNames> {
    for (const entry of readdirSync(this.#folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const name = decoded(entry.isDirectory() ? entry.name : parse(entry.name).name);
      const places = this.#places.get(name) ?? [];
      this.#places.set(name, places);
      places.push(...(entry.isDirectory() ? this.#filesIn(entry.name) : [join(this.#folder, entry.name)]));
    }
    return Promise.resolve({ names: [...this.#places.keys()].toSorted(), problem: undefined });
  }

  updates(name: string): Promise<readonly Uint8Array[]> {
    try {
      const updates = (this.#places.get(name) ?? []).map((file) => new Uint8Array(readFileSync(file)));
      return updates.length > 0 ? Promise.resolve(updates) : Promise.reject(new Error("its folder has no files"));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #filesIn(folder: string): string[] {
    const place = join(this.#folder, folder);
    try {
      const names = readdirSync(place).filter((name) => !name.startsWith("."));
      return names.toSorted().map((name) => join(place, name));
    } catch {
      // Why it cannot be read is that document's trouble, and said when it is its turn.
      return [place];
    }
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
