/**
 * The acceptance tests that automerge-repo ships for network adapters, with three of its own WebSocket adapters and a relay between them. They take
 * it that peers meet each other; through a relay each meets the relay and nobody else. Those about meeting are expected to fail for that (README.md),
 * and are red here should they ever not.
 */
import "@automerge/automerge-repo";
import { runNetworkAdapterTests } from "@automerge/automerge-repo/helpers/tests/network-adapter-tests.js";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { WebSocket } from "ws";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { AutomergeClient, endAutomergeClients } from "../harness/automerge-client.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";

/** A peer hears of another one by name, and when that one goes. */
const expectedMisses: ReadonlySet<string> = new Set([
  "emits a peer-candidate event with proper peer metadata when a peer connects",
  "should emit disconnect events on disconnect",
  "should not send messages after disconnect",
]);

let relay: RelayProcess;
const adapters: WebSocketClientAdapter[] = [];

// What waits for somebody whom it never meets waits for so long.
vi.setConfig({ testTimeout: 10_000 });
beforeAll(async () => {
  relay = await startRelayProcess();
  // The relay's first document of this kind starts a worker, for which these tests have no patience.
  await new AutomergeClient(relay).begun("");
  endAutomergeClients();
});
beforeEach(({ task }) => {
  Object.assign(task, { fails: expectedMisses.has(task.name) });
});
/** Of a socket that still opens `ws` calls closing it an error, which nobody could catch. */
function end(some: readonly WebSocketClientAdapter[]): void {
  for (const adapter of some) if (adapter.socket?.readyState === WebSocket.OPEN) adapter.disconnect();
}

// Peers of one name take each other's place at the relay: those of one test must be gone before the next.
afterEach(() => end(adapters.splice(0)));
afterAll(() => endRelays());

runNetworkAdapterTests(async () => {
  const three = Array.from({ length: 3 }, () => new WebSocketClientAdapter(relay.socketUrl("/automerge")));
  adapters.push(...three);
  // Of these alone: a test that went on behind its time would take the next one's away.
  return { adapters: three as never, teardown: () => end(three) };
}, "through one relay");
