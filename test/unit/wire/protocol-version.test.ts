import { nativeVersion, olderSide, wrongVersionDetail } from "@inkmesh/shared/wire/protocol-version";
import { expect, it } from "vitest";

it.each([
  ["an older client", wrongVersionDetail(nativeVersion - 1), "client"],
  ["a newer client", wrongVersionDetail(nativeVersion + 1), "relay"],
  ["a relay of another make", "no", undefined],
])("what a relay says of a version that it does not speak tells which side is older: %s", (_, detail, side) => {
  expect(olderSide(detail)).toBe(side);
});
