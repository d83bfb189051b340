import { expect, test } from "vitest";
import { crc32c, rowChecksum } from "../../../server/log/checksum.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

// RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
test.each([
  [bytes("123456789"), 0xe3069283],
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  [Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
])("the published checksums come out (%#)", (input, checksum) => {
  expect(crc32c(input)).toBe(checksum);
});

test("a checksum goes on where another ended", () => {
  expect(crc32c(bytes("6789"), crc32c(bytes("12345")))).toBe(crc32c(bytes("123456789")));
});

test("a row's checksum covers its key: the same content elsewhere has another", () => {
  expect(rowChecksum("entry\n1\n0\na", "content")).not.toBe(rowChecksum("entry\n2\n0\na", "content"));
});
