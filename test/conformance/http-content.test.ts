/**
 * A document's content over HTTP at three relays of one mesh, beside clients that have it open.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as Y from "yjs";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const names = ["a", "b", "c"];
let relays: readonly [MeshProcess, MeshProcess, MeshProcess];
let rooms = 0;
const aRoom = (): string => `over http ${++rooms}`;

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: names, b: names, c: names })) as unknown as typeof relays;
  await startMesh(relays);
});
afterEach(async () => {
  endYClients();
  await endInkClients();
});
afterAll(() => endRelays());

const contentUrl = (relay: MeshProcess, room: string): string => `${relay.url}/api/rooms/${encodeURIComponent(room)}/content`;

async function patch(relay: MeshProcess, room: string, update: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  const body = Buffer.from(update);
  return fetch(contentUrl(relay, room), { method: "PATCH", headers: { "Content-Type": "application/octet-stream", ...headers }, body });
}

/** What brings a document with `state` to have `words` in front. */
function writing(state: Uint8Array, words: string): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const before = Y.encodeStateVector(doc);
  doc.getText("text").insert(0, words);
  return Y.encodeStateAsUpdate(doc, before);
}

async function stateOf(relay: MeshProcess, room: string, token = ""): Promise<{ state: Uint8Array; etag: string; token: string }> {
  const answer = await fetch(`${contentUrl(relay, room)}?format=update`, { headers: { "Inkmesh-Token": token } });
  expect(answer.status).toBe(200);
  const [etag, seen] = [answer.headers.get("ETag")!, answer.headers.get("Inkmesh-Token")!];
  return { state: new Uint8Array(await answer.arrayBuffer()), etag, token: seen };
}

test("[P6] a program reads at one relay, writes at a second, and reads at a third what it wrote; people see it meanwhile", async () => {
  const room = aRoom();
  const [ours, y] = [new InkClient(relays[0], room), new YClient(relays[2], room)];
  await Promise.all([ours.synced(), y.synced()]);
  ours.insert(0, "people");
  await ours.saved();
  const read = await stateOf(relays[0], room);
  const answer = await patch(relays[1], room, writing(read.state, "programs and "), { "If-Match": read.etag });
  expect([answer.status, await answer.json()]).toMatchObject([200, { saved: { replicas: 3, needed: 2 } }]);
  await Promise.all([ours.reads("programs and people"), y.reads("programs and people")]);
  const again = await stateOf(relays[2], room, answer.headers.get("Inkmesh-Token")!);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, again.state);
  expect(doc.getText("text").toString()).toBe("programs and people");
  const unchanged = await fetch(`${contentUrl(relays[2], room)}?format=update`, { headers: { "If-None-Match": again.etag } });
  expect(unchanged.status).toBe(304);
});

test("of two programs that read the same, the second to write is told that the document has changed, and nothing of it is written", async () => {
  const room = aRoom();
  const ours = await new InkClient(relays[0], room).synced();
  ours.insert(0, "text");
  await ours.saved();
  const read = await stateOf(relays[0], room);
  const first = await patch(relays[0], room, writing(read.state, "first "), { "If-Match": read.etag });
  expect(first.status).toBe(200);
  const second = await patch(relays[0], room, writing(read.state, "second "), { "If-Match": read.etag });
  expect([second.status, await second.json()]).toMatchObject([412, { error: { code: "CHANGED_SINCE" } }]);
  const anew = await stateOf(relays[0], room);
  const third = await patch(relays[0], room, writing(anew.state, "third "), { "If-Match": anew.etag });
  expect(third.status).toBe(200);
  await ours.reads("third first text");
});

test("[P2] an edit that only one relay of three has on its disk is not called saved, and is when it is sent again to more", async () => {
  const room = aRoom();
  const ours = await new InkClient(relays[0], room).synced();
  ours.insert(0, "text");
  await ours.saved();
  const edit = writing((await stateOf(relays[0], room)).state, "alone ");
  for (const relay of relays.slice(1)) relay.signal("SIGSTOP");
  const alone = await patch(relays[0], room, edit);
  expect([alone.status, await alone.json()]).toMatchObject([503, { error: { code: "NOT_CONFIRMED" } }]);
  for (const relay of relays.slice(1)) relay.signal("SIGCONT");
  await until("it is confirmed", async () => (await patch(relays[0], room, edit)).status === 200, { timeoutMs: 30_000 });
  await ours.reads("alone text");
});
