import { describe } from "vitest";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import { fewBlobs, updateLogContract } from "./update-log.contract.ts";

describe("MemoryUpdateLog", () => {
  const keepsHistory = true;
  updateLogContract(
    async () => {
      const log = new MemoryUpdateLog({ engine: new YjsEngine(), nestingMax: 64, keepsHistory, blobs: fewBlobs });
      await log.open();
      return { log, reopen: undefined, dispose: () => log.close() };
    },
    { keepsHistory, blobs: fewBlobs },
  );
});
