import { statfsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { firstBlobLimits } from "../../../server/log/blob-admission.ts";
import { openStore } from "../../../server/log/store-opening.ts";
import { LogAuthor } from "../../contract/log-author.ts";
import { packAppends } from "../../../server/log/append-batch.ts";
import { SqliteFolder } from "./sqlite-folder.ts";

let folder: SqliteFolder | undefined;
afterEach(() => folder?.dispose());

/** A store on a disk of whose free bytes that share is to be kept. */
function aStore(share: number): ReturnType<typeof openStore>["store"] {
  folder = new SqliteFolder();
  const { bavail, bsize } = statfsSync(folder.path);
  return openStore({ folder: folder.path, freeBytesMin: Math.floor(bavail * bsize * share), relay: undefined, blobs: firstBlobLimits })
    .store;
}

const full = expect.objectContaining({ code: "ENOSPC" });

test("[P8] on a disk that is nearly full compaction stops before edits have to", () => {
  const store = aStore(0.6);
  const author = new LogAuthor();
  store.append(packAppends([author.type("abc")]));
  expect(() => store.putChunk(store.nextSnapshot(), 0, new Uint8Array(1_000))).toThrow(full);
  store.append(packAppends([author.type("def")]));
  store.close();
});

test("[P8] on a full one neither goes on", () => {
  const store = aStore(2);
  expect(() => store.append(packAppends([new LogAuthor().type("abc")]))).toThrow(full);
  expect(() => store.putChunk(store.nextSnapshot(), 0, new Uint8Array(1_000))).toThrow(full);
  store.close();
});

test("where there is room both do", () => {
  const store = aStore(0.1);
  store.append(packAppends([new LogAuthor().type("abc")]));
  store.putChunk(store.nextSnapshot(), 0, new Uint8Array(1_000));
  store.close();
});
