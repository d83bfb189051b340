/**
 * A relay needs nothing beside it: an empty folder, no environment, no other service. It connects to nobody.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  await endRelays();
});

/** Local and remote ports of a process's TCP connections, by /proc. */
function connectionsOf(pid: number): readonly { readonly local: number; readonly remote: number }[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /socket:\[(\d+)\]/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? []),
  );
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1));
  const portOf = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => inodes.has(fields[9] ?? ""))
    .map((fields) => ({ local: portOf(fields[1]!), remote: portOf(fields[2]!) }));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed meanwhile.
  }
}

test("[P12] one relay serves from an empty folder, without environment, and connects to nobody", async (context) => {
  if (process.platform !== "linux") context.skip("whom a process is connected to is read from /proc");
  const relay = await startRelayProcess({ env: { PATH: "", HOME: "" } });
  const client = await new YClient(relay, "alone").synced();
  client.insert(0, "alone");
  const reader = await new YClient(relay, "alone").synced();
  await reader.reads("alone");
  expect(await contentOf(relay, "alone")).toBe("alone");
  const connections = connectionsOf(relay.pid);
  expect(connections.length).toBeGreaterThan(0);
  expect(connections.filter((connection) => connection.local !== relay.port)).toEqual([]);
});
