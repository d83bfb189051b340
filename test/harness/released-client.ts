/**
 * ReleasedClient: every released client that a relay promises to serve, unchanged, by one name each, for tests that hold for all of them.
 */
import * as Y from "yjs";
import { endHocuspocusClients, HocuspocusClient, hocuspocusVersions } from "./hocuspocus-client.ts";
import type { RelayProcess } from "./relay-process.ts";
import { until } from "./until.ts";
import { endYClients, YClient, yVersions } from "./y-client.ts";

export type ReleasedClient = YClient | HocuspocusClient;

/** Where a client connects: a relay, or something in front of one. */
export type Place = Pick<RelayProcess, "socketUrl">;

export interface ReleasedKind {
  readonly name: string;
  readonly at: (place: Place, room: string, doc?: Y.Doc) => ReleasedClient;
}

const withDoc = (doc: Y.Doc | undefined): { doc?: Y.Doc } => (doc === undefined ? {} : { doc });

export const releasedKinds: readonly ReleasedKind[] = [
  ...yVersions.map((version) => ({
    name: `y-websocket ${version}`,
    at: (place: Place, room: string, doc?: Y.Doc) => new YClient(place, room, { version, ...withDoc(doc) }),
  })),
  ...hocuspocusVersions.map((version) => ({
    name: `Hocuspocus ${version}`,
    at: (place: Place, room: string, doc?: Y.Doc) => new HocuspocusClient(place, room, { version, ...withDoc(doc) }),
  })),
];

export function endReleasedClients(): void {
  endHocuspocusClients();
  endYClients();
}

/** Waits until all have the same: text, state vector and deletions. Answers the text. */
export async function areAlike(what: string, clients: readonly ReleasedClient[], timeoutMs = 20_000): Promise<string> {
  const [first] = clients as readonly [ReleasedClient];
  const isAlike = ({ doc }: ReleasedClient): boolean => Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(first.doc));
  const seen = (): unknown => clients.map((client) => [client.isOnline, client.read().slice(0, 200)]);
  await until(`${what}: all have the same`, () => clients.every(isAlike), { timeoutMs, seen });
  const texts = new Set(clients.map((client) => client.read()));
  if (texts.size > 1) throw new Error(`${what}: equal contents read differently`);
  return first.read();
}
