import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import { openMeshSecret } from "../../../server/runtime/mesh-secret.ts";

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
