/**
 * Images of documents over HTTP at relays of one mesh, each a process with a disk.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "@inkmesh/shared/base/random";
import { blobNameOfBytes } from "../../server/log/blob-admission.ts";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

const names = ["a", "b", "c", "d"];
let relays: readonly MeshProcess[];

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: names, b: names, c: names, d: names }));
  await startMesh(relays);
});
afterAll(() => endRelays());

const anImage = (seed: number, size = 2_000_000): Uint8Array<ArrayBuffer> => new Uint8Array(seededRandom(seed).bytes(size));

const urlOf = (relay: MeshProcess, room: string, bytes: Uint8Array): string =>
  `${relay.url}/api/rooms/${room}/blobs/${blobNameOfBytes(bytes)}`;

/** Sends it, again and again as long as that is not confirmed: on a busy machine that takes a while. */
async function saved(what: string, send: () => Promise<Response>): Promise<unknown> {
  let last: unknown;
  await until(
    `${what} is saved`,
    async () => {
      const answer = await send();
      last = await answer.json();
      if (!answer.ok) expect([answer.status, last]).toMatchObject([503, { error: { retryable: true } }]);
      return answer.ok;
    },
    { timeoutMs: 60_000 },
  );
  return last;
}

const put = (relay: MeshProcess, room: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(urlOf(relay, room, bytes), { method: "PUT", body: bytes });

/** What is got there under its name: "it", what else that hashes to, or a status. */
async function got(relay: MeshProcess, room: string, bytes: Uint8Array): Promise<string | number> {
  const answer = await fetch(urlOf(relay, room, bytes));
  if (!answer.ok) return answer.status;
  const name = blobNameOfBytes(new Uint8Array(await answer.arrayBuffer()));
  return name === blobNameOfBytes(bytes) ? "it" : name;
}

/** A document that somebody has written; its replicas, and the relay that is none. */
async function aNote(room: string): Promise<{ replicas: readonly MeshProcess[]; edge: MeshProcess }> {
  const written = { method: "PUT", headers: { "Content-Type": "text/plain" }, body: "words" };
  await saved("the document", () => fetch(`${relays[0]!.url}/api/rooms/${room}/content`, written));
  const { replicas } = (await (await fetch(`${relays[0]!.url}/api/rooms/${room}/clocks`)).json()) as { replicas: readonly string[] };
  const at = (name: string): MeshProcess => relays[names.indexOf(name)]!;
  return { replicas: replicas.map(at), edge: at(names.find((name) => !replicas.includes(name))!) };
}

test("an image that is put at one relay is had at each other, be it none of its document's", async () => {
  const { replicas, edge } = await aNote("pictures");
  const [first, second] = [anImage(1), anImage(2, 8 * 2 ** 20)];
  expect(await saved("it", () => put(replicas[0]!, "pictures", first))).toMatchObject({ saved: { replicas: 3, needed: 2 } });
  await saved("another", () => put(edge, "pictures", second));
  for (const relay of [edge, ...replicas]) for (const bytes of [first, second]) expect(await got(relay, "pictures", bytes)).toBe("it");
});

test("[P2] what was called saved is there after the relay that said so was killed", async () => {
  const { replicas, edge } = await aNote("kept");
  const bytes = anImage(3);
  const [asked, ...others] = replicas as [MeshProcess, ...MeshProcess[]];
  await saved("it", () => put(asked, "kept", bytes));
  await asked.end("SIGKILL");
  expect(await got(others[0]!, "kept", bytes)).toBe("it");
  expect(await got(edge, "kept", bytes)).toBe("it");
  await asked.start();
  await until("it is back", async () => (await got(asked, "kept", bytes)) === "it", { timeoutMs: 30_000 });
});

test("[P2] where too few of a document's relays can be reached an image is not called saved, and is later, when it is sent again", async () => {
  const { replicas } = await aNote("alone");
  const bytes = anImage(4);
  const [asked, ...others] = replicas as [MeshProcess, MeshProcess, MeshProcess];
  for (const relay of others) await relay.end("SIGKILL");
  const alone = await put(asked, "alone", bytes);
  expect([alone.status, await alone.json()]).toMatchObject([503, { error: { code: "NOT_CONFIRMED", retryable: true } }]);
  expect(await got(asked, "alone", bytes)).toBe("it");
  for (const relay of others) await relay.start();
  await saved("it", () => put(asked, "alone", bytes));
});

test("what nobody has is told so, and so is what is no document", async () => {
  await aNote("plain");
  expect(await got(relays[0]!, "plain", anImage(5, 10))).toBe(404);
  expect(await got(relays[0]!, "no-such-document", anImage(5, 10))).toBe(404);
  expect((await put(relays[0]!, "no-such-document", anImage(5, 10))).status).toBe(404);
});
