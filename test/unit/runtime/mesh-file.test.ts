import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { foundMesh, type KeptMesh } from "../../../server/core/membership/belonging.ts";
import { MeshFile } from "../../../server/runtime/mesh-file.ts";

let folder: string;
const failures: unknown[] = [];
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-mesh-file-"))));
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
  failures.length = 0;
});

const aFile = (): MeshFile => new MeshFile({ folder, failed: (error) => void failures.push(error) });
const kept: KeptMesh = {
  ...foundMesh("a" as RelayId, { weight: 2, zone: "east" }, seededRandom(1)),
  addresses: [{ relay: "b" as RelayId, address: "ws://b:4400/mesh" }],
};

test("an empty folder belongs to no mesh", () => {
  expect(aFile().read()).toEqual({ ok: true, value: undefined });
});

test("what was kept at once is there at once, in another life too", () => {
  aFile().keepAtOnce(kept);
  expect(aFile().read()).toEqual({ ok: true, value: kept });
});

test("of what is kept quickly after each other the newest is there in the end", async () => {
  const file = aFile();
  file.keepAtOnce(kept);
  for (let number = 0; number < 20; number++) file.keep({ ...kept, addresses: [] });
  const last = { ...kept, addresses: [{ relay: "c" as RelayId, address: "ws://c/mesh" }] };
  file.keep(last);
  await file.settled();
  expect(aFile().read()).toEqual({ ok: true, value: last });
  expect(failures).toEqual([]);
});

test("a disk that does not take it is told of and does not end the relay; the next news is kept", async () => {
  const file = aFile();
  fs.mkdirSync(path.join(folder, "mesh.json.now"));
  fs.mkdirSync(path.join(folder, "mesh.json.new"));
  file.keepAtOnce(kept);
  await file.settled();
  expect(failures).toHaveLength(2);
  fs.rmdirSync(path.join(folder, "mesh.json.new"));
  file.keep(kept);
  await file.settled();
  expect(aFile().read()).toEqual({ ok: true, value: kept });
});

test.each([
  ["no JSON", "{"],
  ["another shape", "[]"],
  ["nothing", "null"],
  ["a mesh without a name", JSON.stringify({ mesh: "x", ring: "00", addresses: [] })],
  ["a torn ring", JSON.stringify({ mesh: kept.mesh, ring: "01", addresses: [] })],
  ["an address that nobody dials", JSON.stringify({ mesh: kept.mesh, ring: "00", addresses: [{ relay: "b", address: "file:///etc" }] })],
])("a file with %s is refused with a sentence and stays as it is", (_what, text) => {
  fs.writeFileSync(path.join(folder, "mesh.json"), text);
  expect(aFile().read()).toMatchObject({ ok: false, refusal: { detail: expect.stringContaining("start the relay with --join") } });
  expect(fs.readFileSync(path.join(folder, "mesh.json"), "utf8")).toBe(text);
});
