import { expect, test } from "vitest";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ["image/png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
  ["image/jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"],
  ["image/gif", "GIF89a"],
  ["image/webp", "RIFF\x24\0\0\0WEBPVP8 "],
  ["image/avif", "\0\0\0\x20ftypavif\0\0\0\0"],
  ["image/avif", "\0\0\0\x20ftypmif1\0\0\0\0avifmif1"],
  [undefined, "\0\0\0\x20ftypisom\0\0\0\0"],
  [undefined, "<svg xmlns='http://www.w3.org/2000/svg'>"],
  [undefined, "<!doctype html>"],
  [undefined, "RIFF\x24\0\0\0WAVE"],
  [undefined, ""],
])("%s begins with %j", (type, text) => {
  expect(imageTypeOf(bytes(text))).toBe(type);
});
