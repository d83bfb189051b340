import { expect, test } from "vitest";
import { refused } from "@inkmesh/shared/base/result";
import { CoreWorld } from "./core-world.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { NativeScript } from "./scripted-client.ts";
import { typedUpdates } from "./typed-updates.ts";

class DiskThatCannotCompact extends MemoryDisk {
  tries = 0;

  override compact(): ReturnType<MemoryDisk["compact"]> {
    this.tries += 1;
    return refused("STORE_FAILED", "took too long");
  }
}

test("[P8] a room that cannot be compacted is tried ever more seldom, whatever is typed in it", () => {
  const disk = new DiskThatCannotCompact();
  const world = new CoreWorld({
    disk,
    limits: { verifyMs: 10_000, tailEntriesMax: 5, updatesPerSecond: 1_000_000, updatesBurst: 1_000_000 },
  });
  const client = new NativeScript(world).hello().open("note");
  world.run();
  const updates = typedUpdates(
    1,
    Array.from({ length: 600 }, () => "a"),
  );
  for (const [index, update] of updates.entries()) {
    client.updates(index + 1, [update]);
    world.run();
    world.pass(10_000);
  }
  // 100 minutes: rests of 30 s, 1, 2, 4, 8, 16, 32 min, then an hour.
  expect(disk.tries).toBeGreaterThan(5);
  expect(disk.tries).toBeLessThan(12);
});
