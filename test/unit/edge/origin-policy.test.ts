import { expect, test } from "vitest";
import { OriginPolicy } from "../../../server/edge/origin-policy.ts";

const policy = new OriginPolicy(["https://docs.example", "http://intranet:8080"]);

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
