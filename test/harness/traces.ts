/**
 * Traces: recorded editing histories of real people, read from `../shared/traces` beside the project (or from
 * `INKMESH_TRACES`), and replayed into Yjs texts.
 *
 * Sequential: patches one after the other. Concurrent: a transaction's positions are relative to what its parents,
 * and their ancestors, make together; an author must wait until it has seen them. Positions count code points, which
 * in these files are the same as UTF-16 units.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type * as Y from "yjs";
import { projectRoot } from "./relay-process.ts";

export type Patch = readonly [position: number, deleted: number, inserted: string];

export interface SequentialTrace {
  readonly startContent: string;
  readonly endContent: string;
  readonly txns: readonly { readonly patches: readonly Patch[] }[];
}

export interface ConcurrentTrace {
  readonly kind: "concurrent";
  readonly endContent: string;
  readonly numAgents: number;
  readonly txns: readonly { readonly parents: readonly number[]; readonly agent: number; readonly patches: readonly Patch[] }[];
}

const folder = process.env["INKMESH_TRACES"] ?? resolve(projectRoot, "../shared/traces");

/** Why the traces cannot be replayed here, or undefined. */
export function tracesMissing(): string | undefined {
  return existsSync(resolve(folder, "sveltecomponent.json.gz"))
    ? undefined
    : "the recorded traces are not beside this checkout (../shared/traces, or INKMESH_TRACES)";
}

export function sequentialTrace(name: "sveltecomponent" | "automerge-paper"): SequentialTrace {
  return read(name) as SequentialTrace;
}

export function concurrentTrace(name: "friendsforever"): ConcurrentTrace {
  return read(name) as ConcurrentTrace;
}

/** Types one recorded transaction, as one Yjs transaction. */
export function typePatches(text: Y.Text, patches: readonly Patch[]): void {
  text.doc!.transact(() => {
    for (const [position, deleted, inserted] of patches) {
      if (deleted > 0) text.delete(position, deleted);
      if (inserted !== "") text.insert(position, inserted);
    }
  });
}

function read(name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(resolve(folder, `${name}.json.gz`))).toString("utf8"));
}
