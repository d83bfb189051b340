/**
 * The simulator's stores keep the contracts of the real ones: what it proves over them is worth as much as they are true.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import { SimClock } from "../sim/sim-clock.ts";
import { SimDeviceDisk } from "../sim/sim-device-store.ts";
import { SimDisk, type Transaction } from "../sim/sim-disk.ts";
import { SimUpdateLog } from "../sim/sim-update-log.ts";
import { SimProcess, World } from "../sim/world.ts";
import { LogAuthor } from "./log-author.ts";
import { offlineStoreContract } from "./offline-store.contract.ts";
import { updateLogContract } from "./update-log.contract.ts";

/** A process to which everything happens at once. */
const atOnce = {
  reach: (_ms: number, _what: string, work: () => void) => {
    queueMicrotask(work);
    return () => undefined;
  },
};

function aDisk(seed = 1): SimDisk {
  return new SimDisk({ random: seededRandom(seed), nestingMax: 64 });
}

describe("SimUpdateLog", () => {
  updateLogContract(async () => {
    const disk = aDisk();
    let log = new SimUpdateLog({ process: atOnce, disk });
    await log.open();
    const reopen = async (): Promise<SimUpdateLog> => {
      await log.close();
      log = new SimUpdateLog({ process: atOnce, disk });
      await log.open();
      return log;
    };
    return { log, reopen, dispose: () => log.close() };
  });

  test("[P2] what an append was answered for survives a loss of power, what was only written may not", async () => {
    let lost = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const disk = aDisk(seed);
      const author = new LogAuthor();
      await new SimUpdateLog({ process: atOnce, disk }).append([author.type("1")]);
      disk.write({ type: "append", batch: [author.type("2")] } satisfies Transaction);
      await disk.losePower();
      const loaded = await disk.image.load(author.lineage.room);
      const counters = loaded.ok ? loaded.value.tail.map(({ dot }) => dot.counter) : [];
      expect(counters[0]).toBe(1);
      if (counters.length === 1) lost += 1;
    }
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(40);
  });

  test("a full disk takes no entries, and still takes a tombstone", async () => {
    const disk = aDisk();
    disk.mood.full = true;
    const log = new SimUpdateLog({ process: atOnce, disk });
    const author = new LogAuthor();
    const refused = await log.append([author.type("1")]);
    expect(refused).toMatchObject({ ok: false, refusal: { code: "STORE_FULL" } });
    const hlc = { physicalMs: 1, logical: 0, relay: "a" as never };
    const record = { ...author.lineage, title: undefined, kind: undefined, deleted: { hlc, by: "" }, everDeleted: true, created: hlc };
    expect((await log.putRecord(record)).ok).toBe(true);
  });
});

/** A browser's database whose world runs by itself. */
async function aDatabase(): Promise<{ open: () => ReturnType<SimDeviceDisk["door"]>; disk: SimDeviceDisk; world: World }> {
  const world = new World({ seed: 1, keepTrace: false });
  const disk = new SimDeviceDisk({
    world,
    name: "browser",
    watcher: { asked: () => undefined, kept: () => undefined, refused: () => undefined },
  });
  const clock = new SimClock({ worldMs: () => world.nowMs, rate: 1, offsetMs: 0 });
  let isRunning = false;
  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    await world.run(world.nowMs + 100);
    isRunning = false;
  };
  setInterval(() => void run(), 1).unref();
  return { open: () => disk.door(new SimProcess({ name: "browser/1", world, clock })), disk, world };
}

offlineStoreContract("SimDeviceStore", async () => {
  const { open } = await aDatabase();
  return { store: open(), reopen: async () => open() };
});
