import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe } from "vitest";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { fewBlobs, updateLogContract } from "./update-log.contract.ts";

const keepsHistory = true;

describe("SqliteUpdateLog", () => {
  updateLogContract(
    async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-log-"));
      let log = await opened();
      return {
        log,
        reopen: async () => {
          await log.close();
          return (log = await opened());
        },
        dispose: async () => {
          await log.close();
          fs.rmSync(folder, { recursive: true });
        },
      };

      async function opened(): Promise<SqliteUpdateLog> {
        const next = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory, blobs: fewBlobs });
        const { complete, damage } = await next.open();
        if (!complete) throw new Error(`found damage: ${JSON.stringify(damage)}`);
        return next;
      }
    },
    { keepsHistory, blobs: fewBlobs },
  );
});
