/**
 * Released y-websocket clients in a document with more people than are shown: whoever is hidden is properly gone for them, comes back, and
 * never believes that it was thrown out.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { endRelays, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient, yVersions } from "../harness/y-client.ts";

const shownMax = 3;
const idleMs = 1_000;

afterEach(async () => {
  endYClients();
  await endRelays();
});

test("[P10, P11] released clients see the same few of a crowd, whoever moves among them, and no ghosts", async () => {
  const config = join(temporaryFolder(), "config.json");
  writeFileSync(config, JSON.stringify({ limits: { presenceShownMax: shownMax, presenceIdleMs: idleMs } }));
  const relay = await startRelayProcess({ args: ["--config", config] });
  const clients = yVersions.flatMap((version) => [1, 2].map(() => new YClient(relay, "crowd", { version })));
  await Promise.all(clients.map((client) => client.synced()));
  const move = (client: YClient, to: number): void => client.awareness.setLocalState({ at: to });
  for (const client of clients) move(client, 0);

  const idOf = (client: YClient): number => client.doc.clientID;
  const othersOf = (client: YClient): readonly number[] => [...client.awareness.getStates().keys()].filter((id) => id !== idOf(client));
  const shown = (among: readonly YClient[]): ReadonlySet<number> => new Set(among.flatMap(othersOf));
  const agree = (among: readonly YClient[], count: number): boolean => {
    const few = shown(among);
    return few.size === count && among.every((client) => othersOf(client).length === [...few].filter((id) => id !== idOf(client)).length);
  };
  const seen = (): unknown => clients.map((client) => [client.version, othersOf(client)]);
  await until("all see the same few", () => agree(clients, shownMax), { seen });

  await pause(idleMs + 100); // Those who are shown are to be idle.
  const unseen = clients.find((client) => !shown(clients).has(idOf(client)))!;
  const before = shown(clients);
  move(unseen, 1);
  await until("who moves is seen by all others", () => agree(clients, shownMax) && shown(clients).has(idOf(unseen)), { seen });
  const hidden = clients.find((client) => before.has(idOf(client)) && !shown(clients).has(idOf(client)))!;
  expect(hidden.awareness.getLocalState()).toEqual({ at: 0 });

  await pause(idleMs + 100); // As above.
  move(hidden, 2);
  await until("who was hidden is seen again when it moves", () => agree(clients, shownMax) && shown(clients).has(idOf(hidden)), { seen });

  const staying = clients.slice(0, shownMax);
  for (const client of clients.slice(shownMax)) client.end();
  // The last of them may come back with its next renewal, every 15 s.
  const all = staying.map(idOf).toSorted().join();
  const areAlone = (): boolean => agree(staying, shownMax) && [...shown(staying)].toSorted().join() === all;
  await until("those who stay see each other, and nobody else", areAlone, { timeoutMs: 25_000, seen });
}, 90_000);
