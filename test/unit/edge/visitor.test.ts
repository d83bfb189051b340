import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { visitorOf } from "../../../server/edge/visitor.ts";

const aRequest = (url: string | undefined, headers: IncomingMessage["headers"] = {}): IncomingMessage =>
  ({ url, headers, socket: { remoteAddress: "::1" } }) as IncomingMessage;

test.each([
  ["/y/room?token=abc", {}, "abc"],
  ["/y/room?token=a?b?c", {}, "a?b?c"],
  ["/y/room?a=1&token=a%26b", {}, "a&b"],
  ["/y/room", {}, ""],
  ["/y/room?", {}, ""],
  [undefined, {}, ""],
  ["/y/room?token=query", { authorization: "Bearer header" }, "header"],
  ["/y/room?token=query", { authorization: "Basic header" }, "query"],
])("of %s with %o the token is %j", (url, headers, token) => {
  expect(visitorOf(aRequest(url, headers))).toEqual({ address: "::1", origin: undefined, token });
});
