import { describe } from "vitest";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import { fewBlobs, updateLogContract } from "./update-log.contract.ts";
import { engineOfRoom } from "../engines.ts";

describe("MemoryUpdateLog", () => {
  const keepsHistory = true;
  updateLogContract(
    async () => {
      const log = new MemoryUpdateLog({ engineOf: engineOfRoom, nestingMax: 64, keepsHistory, blobs: fewBlobs });
      await log.open();
      return { log, reopen: undefined, dispose: () => log.close() };
    },
    { keepsHistory, blobs: fewBlobs },
  );
});
