import { MemoryStore } from "@inkmesh/client";
import { offlineStoreContract } from "./offline-store.contract.ts";

offlineStoreContract("MemoryStore", async () => ({ store: new MemoryStore(), reopen: undefined }));
