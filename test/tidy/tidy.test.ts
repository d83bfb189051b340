/**
 * The tree's own tidiness. Each rule is first shown a planted fault, so that a rule that has gone blind is noticed.
 */
import { describe, expect, test } from "vitest";
import { importFindings } from "./import-directions.ts";
import { leftoverFindings, shapeFindings } from "./leftovers.ts";
import { lockFindings, rangeFindings } from "./pinned-versions.ts";
import { citedIds, idsNotYet, mapFindings, promiseFindings, promiseIds } from "./promises.ts";
import { projectFiles, type SourceFile } from "./source-file.ts";

const tree = projectFiles();
const architecture = tree.find((file) => file.path === "ARCHITECTURE.md")?.text ?? "";

describe("the tree", () => {
  test("imports go only in the allowed directions, dependencies come through their doors", () => {
    expect(importFindings(tree)).toEqual([]);
  });
  test("nothing is left over: notes, prints, machine paths, clocks in pure parts", () => {
    expect(leftoverFindings(tree)).toEqual([]);
  });
  test("every file is a noun of its own, in kebab-case, and not too long", () => {
    expect(shapeFindings(tree)).toEqual([]);
  });
  test("every dependency is pinned, and the lock has a version for every entry", () => {
    expect([...rangeFindings(tree), ...lockFindings(tree)]).toEqual([]);
  });
  test("every promise has a test that cites it, or stands under Not yet", () => {
    expect(promiseFindings(tree, architecture)).toEqual([]);
  });
  test("what the map of ARCHITECTURE.md names is there", () => {
    expect(mapFindings(tree, architecture)).toEqual([]);
  });
});

describe("the rules see", () => {
  const plantedImports: readonly (readonly [string, string])[] = [
    ["shared/base/x.ts", `import { a } from "yjs";`],
    ["shared/wire/x.ts", `import { a } from "../../server/core/room.ts";`],
    ["shared/wire/x.ts", `import fs from "node:fs";`],
    ["server/core/x.ts", `import { a } from "../edge/client-socket.ts";`],
    ["server/core/x.ts", `import type { A } from "../log/update-log.ts";`],
    ["server/core/x.ts", `import { WebSocket } from "ws";`],
    ["server/log/x.ts", `import { a } from "../edge/client-socket.ts";`],
    ["server/edge/x.ts", `import { a } from "../log/update-log.ts";`],
    ["server/edge/x.ts", `import Database from "better-sqlite3";`],
    ["server/runtime/x.ts", `import express from "express";`],
    ["server/runtime/x.ts", `const a = await import("ws");`],
    ["client/provider/x.ts", `import { a } from "../../server/core/room.ts";`],
    ["client/provider/x.ts", `import fs from "node:fs";`],
    ["client/provider/core/x.ts", `import * as Y from "yjs";`],
    ["client/provider/core/x.ts", `import { a } from "../web-socket-transport.ts";`],
    ["client/app/x.tsx", `import { a } from "../../server/core/room.ts";`],
    ["elsewhere/x.ts", `import { a } from "b";`],
  ];
  test.each(plantedImports)("a wrong import in %s: %s", (path, text) => {
    expect(importFindings([{ path, text }])).toHaveLength(1);
  });

  test("nothing wrong in the right imports", () => {
    const right: readonly SourceFile[] = [
      { path: "shared/engine/yjs-engine.ts", text: `import * as Y from "yjs";\nimport { ok } from "../base/result.ts";` },
      { path: "server/core/room.ts", text: `import { LRUCache } from "lru-cache";\nimport type { Dot } from "@inkmesh/shared/clock/dot";` },
      {
        path: "server/edge/client-socket.ts",
        text: `import { WebSocketServer } from "ws";\nimport type { Limits } from "../core/limits.ts";`,
      },
      { path: "client/provider/file-store.ts", text: `import { open } from "node:fs/promises";` },
      { path: "client/provider/room.ts", text: `import { SyncSession } from "./core/sync-session.ts";\nimport * as Y from "yjs";` },
    ];
    expect(importFindings(right)).toEqual([]);
  });

  const plantedLeftovers: readonly (readonly [string, string])[] = [
    ["server/core/x.ts", `const now = Date.now();`],
    ["shared/x.ts", `const now = new Date();`],
    ["shared/x.ts", `const chance = Math.random();`],
    ["client/provider/core/x.ts", `setTimeout(() => undefined, 1);`],
    ["shared/x.ts", `new TextEncoder().encode("x");`],
    ["server/core/x.ts", `import "node:fs";`],
    ["server/x.ts", `cons` + `ole.log("x");`],
    ["server/x.ts", `// TO` + `DO: later`],
    ["test/x.test.ts", `test.on` + `ly("x", () => undefined);`],
    ["test/x.test.ts", `test.sk` + `ip("x", () => undefined);`],
    ["README.md", `run it in /wo` + `rk/main`],
    ["server/x.ts", `const folder = "/ho` + `me/somebody";`],
    ["server/x.ts", `// @ts-ig` + `nore`],
  ];
  test.each(plantedLeftovers)("a leftover in %s: %s", (path, text) => {
    expect(leftoverFindings([{ path, text }])).toHaveLength(1);
  });
  test("no leftover in a comment that speaks about time", () => {
    expect(
      leftoverFindings([{ path: "shared/x.ts", text: "/** Never calls Date.now(). */\n// nor setTimeout(x)\nexport const a = 1;" }]),
    ).toEqual([]);
  });

  const plantedShapes: readonly (readonly [string, string])[] = [
    ["server/core/RoomTable.ts", "export const a = 1;"],
    ["server/core/utils.ts", "export const a = 1;"],
    ["server/utils/bytes.ts", "export const a = 1;"],
    ["server/core/types.ts", "export type A = 1;"],
    ["server/core/room-manager.ts", "export const a = 1;"],
    ["server/core/index.ts", `export { a } from "./a.ts";\nexport * from "./b.ts";`],
    ["server/core/long.ts", "export const a = 1;\n".repeat(401)],
  ];
  test.each(plantedShapes)("a wrong shape: %s", (path, text) => {
    expect(shapeFindings([{ path, text }])).toHaveLength(1);
  });

  test("a range, a hole in the lock, and a lock of another manifest", () => {
    const manifest = { path: "package.json", text: JSON.stringify({ dependencies: { a: "^1.0.0" } }) };
    const packages = {
      "": { dependencies: { a: "1.0.0" } },
      "node_modules/a": {},
      "node_modules/b": { version: "1.0.0", resolved: "https://example.org/b.tgz" },
    };
    expect(rangeFindings([manifest])).toHaveLength(1);
    expect(lockFindings([manifest, { path: "package-lock.json", text: JSON.stringify({ packages }) }])).toHaveLength(3);
    expect(lockFindings([])).toHaveLength(1);
  });

  test("a promise without a test, and one that is owned up to", () => {
    const guarded = { path: "test/unit/x.test.ts", text: `test("[P1, P2] two promises", () => {});` };
    const confession = "# A\n\n## Not yet\n\n- P3: no mesh\n\n## Other\n\nP4\n";
    expect([...citedIds([guarded])]).toEqual(["P1", "P2"]);
    expect([...idsNotYet(confession)]).toEqual(["P3"]);
    expect(promiseFindings([guarded], confession)).toHaveLength(promiseIds.length - 3);
  });

  test("a map that names what is not there", () => {
    const map =
      "## The map\n\n`server/core/` and `server/gone/`\n\n```\nshared/   pure\n  base/      small things\n  lost.ts    nothing\n```\n";
    const files = [
      { path: "server/core/a.ts", text: "" },
      { path: "shared/base/b.ts", text: "" },
    ];
    expect(mapFindings(files, map)).toEqual([
      "ARCHITECTURE.md's map names server/gone/, which is not there",
      "ARCHITECTURE.md's map names shared/lost.ts, which is not there",
    ]);
  });
});
