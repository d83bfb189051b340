import { expect, test } from "vitest";
import { originAsked } from "../../../client/app/relay-api.ts";

test.each([
  ["ws://127.0.0.1:4400/sync", "http://127.0.0.1:4400", ""],
  ["wss://docs.example/sync", "https://docs.example", ""],
  ["ws://127.0.0.1:4401/sync", "http://127.0.0.1:4400", "http://127.0.0.1:4401"],
  ["wss://b.example:8443/relay/sync", "https://docs.example", "https://b.example:8443"],
])("connected to %s, a page of %s asks %j", (url, own, asked) => {
  expect(originAsked(url, own)).toBe(asked);
});
