import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inkmesh } from "../../harness/command-line.ts";
import { aRelay, type RunningRelay } from "./a-relay.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-backup-command-"));
const at = (name: string): string => path.join(folder, name);
let relay: RunningRelay;

const title = async ({ address }: RunningRelay): Promise<unknown> =>
  ((await (await fetch(new URL("/api/rooms/note", address))).json()) as { title: string }).title;

beforeAll(async () => {
  relay = await aRelay({ name: "a", data: at("a") });
  const body = JSON.stringify({ room: "note", title: "Before" });
  await fetch(new URL("/api/rooms", relay.address), { method: "POST", headers: { "Content-Type": "application/json" }, body });
}, 60_000);

afterAll(async () => {
  await relay.stop();
  fs.rmSync(folder, { recursive: true });
});

describe("inkmesh backup and restore", { timeout: 120_000 }, () => {
  test("copy a relay's folder while it runs, and make a folder of that copy that a relay starts from", async () => {
    const copied = await inkmesh("backup", "--data", at("a"), "--out", at("backup"));
    expect(copied).toEqual({
      code: 0,
      out: `Everything up to now is in ${at("backup")}. To use it: inkmesh restore --from ${at("backup")} --data FOLDER\n`,
      err: expect.stringMatching(/^\d+\.\d of \d+\.\d MB\n/),
    });
    await fetch(new URL("/api/rooms/note", relay.address), {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ title: "After" }),
    });
    const restored = await inkmesh("restore", "--from", at("backup"), "--data", at("again"));
    expect(restored).toEqual({
      code: 0,
      out: `Restored. Start it with: inkmesh relay --name a --data ${at("again")}\n`,
      err: expect.stringMatching(/^\d+\.\d of \d+\.\d MB\n1 of 1 documents checked\n$/),
    });
    expect((await inkmesh("verify", "--data", at("again"))).code).toBe(0);
    const again = await aRelay({ name: "a", data: at("again") });
    expect([await title(relay), await title(again)]).toEqual(["After", "Before"]);
    await again.stop();
  });

  test("say what came of it to scripts, too", async () => {
    const copied = await inkmesh("backup", "--data", at("a"), "--out", at("second"), "--json");
    expect(JSON.parse(copied.out)).toEqual({ out: at("second"), bytes: fs.statSync(path.join(at("second"), "log.sqlite")).size });
    const restored = await inkmesh("restore", "--from", at("second"), "--data", at("third"), "--json");
    expect(JSON.parse(restored.out)).toEqual({ data: at("third"), name: "a", damage: [] });
  });

  test("write over nothing, and say what would be right", async () => {
    const there = at("a");
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, out, err } = await inkmesh(...args);
      expect([code, out]).toEqual([2, ""]);
      return err;
    };
    expect(await refused("backup", "--data", there, "--out", there)).toMatch(/^--out must be a folder that is not there yet/);
    expect(await refused("backup", "--data", at("none"), "--out", at("x"))).toMatch(/^--data must be the folder of a relay/);
    expect(await refused("backup", "--data", there)).toMatch(/--out <folder>/);
    expect(await refused("restore", "--from", at("none"), "--data", at("x"))).toMatch(/^--from must be a folder that inkmesh backup made/);
    expect(await refused("restore", "--from", there, "--data", there)).toMatch(/^--data must be a folder that is not there yet/);
  });
});
