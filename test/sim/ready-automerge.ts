/**
 * ReadyAutomerge: brings Automerge into a worker that simulates, once, and only for histories that have documents of its: before the first event,
 * since it is read from a file. One copy of it serves relays, clients and checkers.
 */
import { readFileSync } from "node:fs";
import * as A from "automerge/slim";
import { loadAutomerge } from "../engines.ts";
import { beginning } from "./sim-notebook.ts";

/** Where the bundle has it from; see `bundle.ts`. */
declare const automergeWasm: string;

export async function readyAutomerge(): Promise<void> {
  if (!A.isWasmInitialized()) await A.initializeWasm(readFileSync(automergeWasm));
  await loadAutomerge();
  beginning();
}
