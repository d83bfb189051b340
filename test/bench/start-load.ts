/**
 * StartLoad: what three relays spend on starting with many documents that nobody has open, and on comparing them, beside what
 * they spend with none.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { becomeOneMesh } from "../harness/mesh-processes.ts";
import { measureSweeps, settled } from "./mesh-load.ts";
import { MeshUnderTest, type Spent } from "./mesh-under-test.ts";
import { storeRooms } from "./stored-rooms.ts";

export interface StartFigures {
  readonly rooms: number;
  readonly areHashed: boolean;
  /** New relays with these documents on their disks, until all are members with whole disks. */
  readonly first: Spent;
  /** The same relays, stopped and started, until they have nothing more to do. */
  readonly again: Spent;
  /** All links made anew. */
  readonly sweep: Spent;
  /** Of one relay, at the end. */
  readonly memoryBytes: number;
}

const lookEveryMs = 250;
/** So many looks in a row at which less than a tenth of a core is used are quiet. */
const quietLooks = 8;

export function measureStarts(rooms: number, areHashed: boolean): Promise<StartFigures> {
  return MeshUnderTest.with(
    3,
    async (mesh) => {
      const first = mesh.started;
      await settled(mesh);
      const again = await restarted(mesh);
      const { again: sweep } = await measureSweeps(mesh, rooms);
      const memory = mesh.relays.map(({ pid }) => memoryBytesOf(pid));
      return { rooms, areHashed, first, again, sweep, memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0) / memory.length };
    },
    (relays) => storeRooms(relays, rooms, areHashed),
  );
}

/** What is spent until a quiet time begins, of new processes. */
async function restarted(mesh: MeshUnderTest): Promise<Spent> {
  await Promise.all(mesh.relays.map((relay) => relay.end("SIGTERM")));
  const [startedAt, bytes] = [performance.now(), mesh.wires.bytes];
  await Promise.all(mesh.relays.map((relay) => relay.start()));
  await becomeOneMesh(mesh.relays, 600_000);
  const look = (): Spent => ({
    seconds: (performance.now() - startedAt) / 1000,
    bytes: mesh.wires.bytes - bytes,
    cpuSeconds: mesh.cpuSeconds,
  });
  let [begun, last] = [look(), look()];
  for (let quiet = 0; quiet < quietLooks;) {
    await pause(lookEveryMs);
    const now = look();
    const isQuiet = now.cpuSeconds - last.cpuSeconds < (now.seconds - last.seconds) / 10;
    quiet = isQuiet ? quiet + 1 : 0;
    if (!isQuiet) begun = now;
    last = now;
  }
  return begun;
}

/** What it has in memory now. */
function memoryBytesOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kilobytes) * 1024;
}
