/**
 * [P1] A hash stands for what is there: what a disk says that a room's content hashes to is what reading the room gives. One that said
 * "equal" of something else would hide lost edits from whoever compares, for ever.
 */
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import type { SimDisk } from "../sim-disk.ts";
import { readers } from "../../engines.ts";
import { Finding } from "../world.ts";

/** Resolves with how many rooms have a hash, throws a finding where one is not of its content. */
export async function hashesStand({ image }: SimDisk): Promise<number> {
  const listed = await image.rooms({ limit: Infinity });
  if (!listed.ok) return 0;
  // Asked for together, so that they are of one moment.
  const loads = listed.value.rooms.map(({ record }) => image.load(record.room));
  const again = await image.rooms({ limit: Infinity, hashes: true });
  const stored = await Promise.all(loads);
  const hashed = again.ok ? again.value.rooms.filter(({ contentHash }) => contentHash !== undefined) : [];
  for (const { record, contentHash } of hashed) {
    const room = stored[listed.value.rooms.findIndex((each) => each.record.room === record.room)];
    const index = room?.ok === true ? readers[engineOf(record.room)].decodeIndex(room.value.index) : undefined;
    if (index?.ok === true && index.value.hash() !== contentHash)
      throw new Finding("a hash stands for what is there", `${record.room} has another content than its disk says`);
  }
  return hashed.length;
}
