import { describe, expect, it } from "vitest";
import { fileName } from "../../../client/app/download.ts";
import { hrefOfTyped, safeHref } from "../../../client/app/rich-text/safe-link.ts";
import { drawRoomName, pathOfRoom, roomOfPath } from "../../../client/app/room-address.ts";

describe("the address of a document", () => {
  it("has a name of 16 letters that stand for themselves in an address", () => {
    const name = drawRoomName((bytes) => bytes.map((_, index) => index * 17));
    expect(name).toMatch(/^[0-9a-z]{16}$/);
    expect(pathOfRoom(name)).toBe(`/d/${name}`);
  });

  it.each(["plain", "with space", "a/b", "ünïcödé 😀", "50%"])("can be read again: %s", (room) => {
    expect(roomOfPath(pathOfRoom(room))).toBe(room);
  });

  it.each(["/", "/d/", "/x/abc", "/d/%E0%A4%A", "/d/%00", `/d/${"x".repeat(257)}`])("is none: %s", (path) =>
    expect(roomOfPath(path)).toBeUndefined(),
  );
});

describe("[P9] a link leads to the web or to a mail address, or nowhere", () => {
  it.each([
    ["https://a.example/x?y#z", "https://a.example/x?y#z"],
    ["http://a.example", "http://a.example/"],
    ["mailto:a@b.example", "mailto:a@b.example"],
    ["javascript:alert(1)", undefined],
    [" jAvAsCrIpT:alert(1)", undefined],
    ["java\nscript:alert(1)", undefined],
    ["data:text/html,<script>", undefined],
    ["vbscript:x", undefined],
    ["file:///etc/passwd", undefined],
    ["//a.example", undefined],
    ["relative", undefined],
    [null, undefined],
    [{ href: "https://a.example" }, undefined],
  ])("%o", (href, shown) => expect(safeHref(href)).toBe(shown));

  it.each([
    ["a.example", "https://a.example/"],
    ["localhost:4400/d/x", "https://localhost:4400/d/x"],
    ["ada@b.example", "mailto:ada@b.example"],
    ["javascript:alert(1)", undefined],
    ["", undefined],
  ])("typed: %s", (typed, href) => expect(hrefOfTyped(typed)).toBe(href));
});

it("a file's name has no signs that a file system minds", () => {
  expect(fileName('a/b\\c:"*?<>| d..', "markdown")).toBe("a b c d.md");
  expect(fileName("", "text")).toBe("document.txt");
});
