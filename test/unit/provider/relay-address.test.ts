import { expect, test } from "vitest";
import { givenAddresses, toldAddress } from "../../../client/provider/relay-address.ts";

test.each([
  ["ws://relay.test", undefined, ["ws://relay.test/sync"]],
  ["https://relay.test/", undefined, ["wss://relay.test/sync"]],
  ["wss://relay.test/inkmesh/sync", undefined, ["wss://relay.test/inkmesh/sync"]],
  ["/sync", "https://docs.test/a/page?q", ["wss://docs.test/sync"]],
  [["ws://a.test", "http://b.test:4401"], undefined, ["ws://a.test/sync", "ws://b.test:4401/sync"]],
])("%j in a page at %s is %j", (given, base, addresses) => {
  expect(givenAddresses(given, base)).toEqual(addresses);
});

test("no address at all is a mistake of the application", () => {
  expect(() => givenAddresses([], undefined)).toThrow("Not one relay's address");
});

const lan = "ws://10.0.0.1:4400/sync";
const here = "ws://localhost:4400/sync";
const secure = "wss://a.test/sync";

test.each([
  ["ws://10.0.0.2:4400/sync", lan, "ws://10.0.0.2:4400/sync"],
  ["wss://b.test/sync", lan, "wss://b.test/sync"],
  ["wss://B.test:443/sync", secure, "wss://b.test/sync"],
  ["ws://127.0.0.1:4401/sync", here, "ws://127.0.0.1:4401/sync"],
  ["ws://[::1]:4401/sync", here, "ws://[::1]:4401/sync"],
])("%s, told by the relay at %s, is used", (told, by, address) => {
  expect(toldAddress(told, by)).toBe(address);
});

test.each([
  ["ws://b.test/sync", secure, "no TLS, for who came with it"],
  ["ws://127.0.0.1:4401/sync", lan, "another machine's loopback"],
  ["ws://localhost:4401/sync", lan, "another machine's loopback"],
  ["wss://[::1]:4401/sync", secure, "another machine's loopback"],
  ["ws://user:secret@b.test/sync", lan, "credentials"],
  ["ws://b.test/sync#here", lan, "a fragment"],
  ["http://b.test/sync", lan, "no WebSocket"],
  ["/sync", lan, "not absolute"],
  ["", lan, "nothing"],
])("%s, told by the relay at %s, is not used: %s", (told, by) => {
  expect(toldAddress(told, by)).toBeUndefined();
});
