import { blobNameBytes, blobNameOf, isBlobName, mentionedBlobs } from "@inkmesh/shared/base/blob-name";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";

const digits = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const name = blobNameOf(digits);
const other = blobNameOf("0".repeat(64));

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("a blob's name", () => {
  test.each([
    [name, true],
    [`sha256-${digits.toUpperCase()}`, false],
    [`sha256-${digits}0`, false],
    [`sha256-${digits.slice(1)}`, false],
    [`sha512-${digits}`, false],
    [`${name}\n`, false],
    ["", false],
  ])("%j may be one: %j", (text, may) => {
    expect(isBlobName(text)).toBe(may);
  });

  test("has as many bytes as it says", () => {
    expect(name).toHaveLength(blobNameBytes);
  });
});

describe("mentions of blobs", () => {
  test("are found at every place", () => {
    for (let before = 0; before < 200; before++)
      for (const filling of [0x20, 0x61])
        expect(mentionedBlobs(concatBytes([new Uint8Array(before).fill(filling), bytesOf(name)])), `${filling} ${before}`).toEqual([name]);
  });

  test("are found next to each other, before more digits, and each once", () => {
    expect(mentionedBlobs(bytesOf(`${name}${other}abc${name}`))).toEqual([name, other]);
  });

  test("are not found where a digit is another one or lacking", () => {
    expect(mentionedBlobs(bytesOf(name.slice(0, -1)))).toEqual([]);
    for (let at = 0; at < name.length; at++)
      expect(mentionedBlobs(bytesOf(`${name.slice(0, at)}G${name.slice(at + 1)}`)), String(at)).toEqual([]);
  });

  test("are found as a slow search finds them, in random bytes of few letters", () => {
    const seed = 20;
    const random = seededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const pieces = Array.from({ length: 1 + randomInteger(random, 8) }, () => {
        const kinds = [name, other, digits, "sha256-", "a".repeat(randomInteger(random, 130)), "-", "z"];
        return kinds[randomInteger(random, kinds.length)]!;
      });
      const text = pieces.join("");
      const slow = new Set([...text.matchAll(/(?=(sha256-[0-9a-f]{64}))/g)].map(([, found]) => found));
      expect(mentionedBlobs(bytesOf(text)), `seed ${seed}, round ${round}`).toEqual([...slow]);
    }
  });

  test.each([
    ["first", (document: Y.Doc) => Y.encodeStateAsUpdate(document)],
    ["second", (document: Y.Doc) => Y.encodeStateAsUpdateV2(document)],
  ])("are found in an attribute in Yjs' %s encoding", (_, encode) => {
    const document = new Y.Doc();
    const fragment = document.getXmlFragment("content");
    for (const [at, blob] of [name, other].entries()) {
      const element = new Y.XmlElement("image");
      element.setAttribute("alt", "abcdef");
      element.setAttribute("blob", blob);
      fragment.insert(at, [element]);
    }
    expect(mentionedBlobs(encode(document)).sort()).toEqual([name, other].sort());
  });
});
