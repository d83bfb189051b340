import { expect, test } from "vitest";
import { OriginPolicy } from "../../../server/edge/origin-policy.ts";

const policy = new OriginPolicy(["https://docs.example", "http://intranet:8080"], () => []);

test.each([
  [undefined, "relay.example", true],
  ["https://relay.example", "relay.example", true],
  ["http://relay.example:4400", "Relay.Example:4400", true],
  ["https://docs.example", "relay.example", true],
  ["http://intranet:8080", "relay.example", true],
  ["http://localhost:5173", "relay.example", true],
  ["http://127.0.0.1:1", "relay.example", true],
  ["http://[::1]:1", "relay.example", true],
  ["null", "relay.example", false],
  ["", "relay.example", false],
  ["https://evil.example", "relay.example", false],
  ["https://relay.example.evil.example", "relay.example", false],
  ["https://relay.example:8443", "relay.example", false],
  ["https://docs.example:444", "relay.example", false],
  ["http://docs.example", "relay.example", false],
  ["https://docs.example.", "relay.example", false],
  ["https://user@relay.example", "relay.example", false],
  ["https://relay.example/path", "relay.example", false],
  ["http://localhost.evil.example", "relay.example", false],
  ["http://127.0.0.1.evil.example", "relay.example", false],
  ["file://", "relay.example", false],
  ["chrome-extension://localhost", "relay.example", false],
  ["https://relay.example", undefined, false],
  ["https://relay.example https://evil.example", "relay.example", false],
])("[P9] origin %s at host %s: %s", (origin, host, allowed) => {
  expect(policy.allows(origin, host)).toBe(allowed);
});

test.each([
  ["http://10.0.0.2:4400", true],
  ["https://b.example", true],
  ["http://10.0.0.2:4401", false],
  ["https://10.0.0.2:4400", false],
  ["http://b.example", false],
  ["https://b.example:8443", false],
  ["http://10.0.0.3:4400", false],
  ["null", false],
])("[P9] origin %s at a relay whose mesh has ws://10.0.0.2:4400 and wss://b.example: %s", (origin, allowed) => {
  const relays: string[] = [];
  const members = new OriginPolicy([], () => relays);
  expect(members.allows(origin, "10.0.0.1:4400")).toBe(false);
  relays.push("ws://10.0.0.2:4400/mesh", "wss://b.example/relays/b/mesh", "no address");
  expect(members.allows(origin, "10.0.0.1:4400")).toBe(allowed);
});
