import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import { givenMeshSecret, openMeshSecret } from "../../../server/runtime/mesh-secret.ts";

let folder: string;
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-secret-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

test("[P6] a secret is drawn once and is the same after a restart", () => {
  const first = openMeshSecret({ folder, random: seededRandom(1) });
  const second = openMeshSecret({ folder, random: seededRandom(2) });
  expect(first.ok && first.value.length).toBe(32);
  expect(second).toEqual(first);
});

test("only the relay's user may read it", () => {
  openMeshSecret({ folder, random: seededRandom(1) });
  expect(fs.statSync(path.join(folder, "mesh.secret")).mode & 0o777).toBe(0o600);
});

test("a file of another size is refused with a sentence, not replaced", () => {
  fs.writeFileSync(path.join(folder, "mesh.secret"), "short");
  const opened = openMeshSecret({ folder, random: seededRandom(1) });
  expect(opened).toMatchObject({ ok: false, refusal: { detail: expect.stringContaining("must hold 32 bytes, not 5") } });
  expect(fs.readFileSync(path.join(folder, "mesh.secret"), "utf8")).toBe("short");
});

test("a secret that is given wins, as text or as a file; blanks at its ends do not count", () => {
  const file = path.join(folder, "given");
  fs.writeFileSync(file, "  correct horse battery\n");
  const bytes = new Uint8Array(Buffer.from("correct horse battery"));
  expect(givenMeshSecret({ text: "correct horse battery", file: undefined })).toEqual({ ok: true, value: bytes });
  expect(givenMeshSecret({ text: undefined, file })).toEqual({ ok: true, value: bytes });
  expect(givenMeshSecret({ text: undefined, file: undefined })).toBeUndefined();
});

test("the file of another relay's folder is a secret like any other, byte for byte", () => {
  const drawn = openMeshSecret({ folder, random: seededRandom(1) });
  expect(givenMeshSecret({ text: undefined, file: path.join(folder, "mesh.secret") })).toEqual(drawn);
});

test.each([
  ["is missing", undefined, /^--mesh-secret-file must be a file that this user may read, not ".*given" \(ENOENT\)\.$/],
  ["is short", "hunter2", /must hold 16 to 4096 bytes that are hard to guess, not 7\.$/],
])("a file that %s is refused with a sentence", (_what, text, words) => {
  const file = path.join(folder, "given");
  if (text !== undefined) fs.writeFileSync(file, text);
  const given = givenMeshSecret({ text: undefined, file });
  expect(given?.ok === false && given.refusal.detail).toMatch(words);
});
