/**
 * A store on a tiny file system of its own that fills up: nothing that was acknowledged is lost, what is refused is
 * refused as STORE_FULL, and it goes on by itself when there is space again.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { LogAuthor, textOf } from "./log-author.ts";
import { dotsOf } from "./history.contract.ts";
import { must } from "./update-log.contract.ts";

let folder: string;
let log: SqliteUpdateLog;

describe.skipIf(!canMount())(`on a file system of 4 MiB (skipped where a tmpfs cannot be mounted: that needs root)`, () => {
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
    log = await opened();
  });
  afterEach(async () => {
    await log.close();
    execFileSync("umount", [folder]);
    fs.rmdirSync(folder);
  });

  async function opened(freeBytesMin = 0): Promise<SqliteUpdateLog> {
    const next = new SqliteUpdateLog({ folder, nestingMax: 64, freeBytesMin, keepsHistory: true });
    expect(await next.open()).toMatchObject({ complete: true, damage: [] });
    return next;
  }

  function fill(): void {
    const file = fs.openSync(path.join(folder, "filler"), "w");
    try {
      for (;;) fs.writeSync(file, Buffer.alloc(16 * 1024));
    } catch {
      fs.closeSync(file);
    }
  }

  const letters = "lorem ipsum dolor sit amet ".repeat(4);

  test("[P2][P8] a full disk refuses, keeps what was acknowledged, and takes the same entries when there is space", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type(letters)]));
    fill();
    const refused = [];
    let answer;
    do {
      refused.push(author.type(letters));
      answer = await log.append(refused.slice(-1));
      if (answer.ok) refused.pop();
    } while (answer.ok);
    expect(answer.refusal.code).toBe("STORE_FULL");
    const durable = author.entries.length - letters.length;
    const before = await must(log.load(author.lineage.room));
    expect(before.tail).toEqual(author.entries.slice(0, durable));
    expect(await log.append(refused)).toMatchObject({ ok: false, refusal: { code: "STORE_FULL" } });
    fs.rmSync(path.join(folder, "filler"));
    await must(log.append(refused));
    expect(textOf(await must(log.load(author.lineage.room)))).toBe(author.text);
    expect(await must(log.verify())).toEqual([]);
  });

  test("[P2] a relay that is killed while its disk is full finds everything again", async () => {
    const author = new LogAuthor();
    let acknowledged = 0;
    for (;;) {
      const append = author.type(letters);
      const answer = await log.append([append]);
      if (!answer.ok) break;
      acknowledged = author.entries.length;
    }
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-full-copy-"));
    for (const name of fs.readdirSync(folder)) if (!name.endsWith("-shm")) fs.copyFileSync(path.join(folder, name), path.join(copy, name));
    const after = new SqliteUpdateLog({ folder: copy, nestingMax: 64 });
    expect(await after.open()).toMatchObject({ complete: true });
    expect((await must(after.load(author.lineage.room))).tail).toEqual(author.entries.slice(0, acknowledged));
    await after.close();
    fs.rmSync(copy, { recursive: true });
  });

  test("a compaction that finds no space takes back what it wrote, and works when there is", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type(letters.repeat(10))]));
    fill();
    const compacted = await log.compact(author.lineage, author.clock);
    if (!compacted.ok) expect(compacted.refusal.code).toBe("STORE_FULL");
    expect(textOf(await must(log.load(author.lineage.room)))).toBe(author.text);
    expect(dotsOf(await must(log.history(author.lineage.room)))).toHaveLength(author.entries.length);
    fs.rmSync(path.join(folder, "filler"));
    await must(log.compact(author.lineage, author.clock));
    expect(dotsOf(await must(log.history(author.lineage.room)))).toHaveLength(author.entries.length);
    expect(await must(log.load(author.lineage.room))).toMatchObject({ tail: [] });
    expect(textOf(await must(log.load(author.lineage.room)))).toBe(author.text);
  });

  test("[P8] below the low-water mark content is refused while there is still room to repair; deleting goes on", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("kept")]));
    const free = (await log.freeBytes()) ?? 0;
    await log.close();
    log = await opened(free + 1_000_000);
    expect(await log.append([author.type(" not")])).toMatchObject({
      ok: false,
      refusal: { code: "STORE_FULL", detail: expect.stringContaining("are free") },
    });
    const hlc = author.entries[0]!.hlc;
    const closed = {
      room: author.lineage.room,
      generation: 0,
      title: undefined,
      kind: undefined,
      created: hlc,
      deleted: { hlc, by: "" },
      everDeleted: true,
    };
    await must(log.putRecord(closed));
    expect((await must(log.load(author.lineage.room))).tail).toEqual([]);
  });
});

function canMount(): boolean {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(place);
  }
}
