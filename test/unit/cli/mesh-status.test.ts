/**
 * What `inkmesh mesh status` says of documents that are placed elsewhere.
 */
import { expect, test } from "vitest";
import { statusTable } from "../../../server/cli/mesh-command.ts";
import type { MeshAnswer } from "../../../server/cli/mesh-order.ts";

function statusWith(counts: Partial<MeshAnswer["relays"][number]>): string {
  const relays = [{ relay: "a", ...counts }] as unknown as MeshAnswer["relays"];
  return statusTable({ self: "a", relays } as unknown as MeshAnswer);
}

test("how many copies of documents that belong to others go, and went, is said where there are any", () => {
  expect(statusWith({ roomsToHandOver: 2, roomsToDrop: 30, roomsDropped: 4 })).toMatch(
    /^Of documents placed on others: 2 to hand over, 30 to drop, 4 dropped\.$/m,
  );
  expect(statusWith({ roomsToHandOver: 0, roomsToDrop: 0, roomsDropped: 0 })).not.toContain("placed on others");
});
