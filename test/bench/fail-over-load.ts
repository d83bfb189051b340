/**
 * FailOverLoad: people with our client library at one relay of three, which is killed: how long it takes until what each typed at that
 * moment is saved by the others.
 */
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { until } from "../harness/until.ts";
import type { MeshUnderTest } from "./mesh-under-test.ts";

const rooms = 6;

/** Of each of `people`, in ms since the relay was killed. */
export async function measureFailOver(mesh: MeshUnderTest, people: number): Promise<readonly number[]> {
  const first = mesh.relays[0]!;
  const clients = await Promise.all(Array.from({ length: people }, (_, index) => new InkClient(first, `moving-${index % rooms}`).synced()));
  for (const client of clients) client.insert(0, "before ");
  await Promise.all(clients.map((client) => client.saved()));
  const killedAt = performance.now();
  const ended = first.end("SIGKILL");
  const latencies = await Promise.all(
    clients.map(async (client) => {
      client.insert(0, "after ");
      const isSaved = (): boolean => client.mesh.status.relay !== first.name && client.room.status.phase === "saved";
      await until("it is saved by the others", isSaved, { timeoutMs: 60_000, seen: () => client.room.status });
      return performance.now() - killedAt;
    }),
  );
  await endInkClients();
  await ended;
  return latencies;
}
