/**
 * The acceptance tests that automerge-repo ships for network adapters, with three of its own WebSocket adapters and a relay between them. They take
 * it that peers meet each other; through a relay each meets the relay and nobody else, so that those about meeting are expected to fail (README.md).
 */
import { runNetworkAdapterTests } from "@automerge/automerge-repo/helpers/tests/network-adapter-tests.js";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { afterAll, beforeAll } from "vitest";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";

let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterAll(() => endRelays());

runNetworkAdapterTests(async () => {
  const adapters = Array.from({ length: 3 }, () => new WebSocketClientAdapter(relay.socketUrl("/automerge"), 200));
  return {
    adapters: adapters as never,
    teardown: () => {
      for (const adapter of adapters) if (adapter.socket !== undefined) adapter.disconnect();
    },
  };
}, "through one relay");
