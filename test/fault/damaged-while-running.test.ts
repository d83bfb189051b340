/**
 * A record that goes bad under a running relay. What the relay wrote itself as this actor may be what is missing, and a
 * room loaded without it could give a dot a second time: so the relay ends, and its next life is another actor.
 */
import Database from "better-sqlite3";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { endRelays, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  await endRelays();
});

test("[P2] a relay whose own entries are damaged ends rather than reuse a dot, and goes on as another actor", async () => {
  const folder = temporaryFolder();
  const config = join(folder, "config.json");
  // A room that nobody is in leaves memory at once, and is read again when it is asked for.
  writeFileSync(config, JSON.stringify({ limits: { roomCacheBytes: 1 } }));
  const relay = await startRelayProcess({ args: ["--config", config] });
  const author = await new YClient(relay, "notes").synced();
  for (let word = 0; word < 5; word++) {
    author.insert(author.text.length, `word ${word} `);
    const reader = new YClient(relay, "notes");
    await reader.reads(author.read());
    reader.end();
  }
  author.goOffline();

  const store = new Database(join(relay.data, "log.sqlite"), { fileMustExist: true });
  store.pragma("busy_timeout = 5000");
  const { count } = store.prepare("SELECT count(*) AS count FROM entry").get() as { count: number };
  expect(count).toBeGreaterThan(2);
  store.prepare("UPDATE entry SET crc = crc + 1 WHERE counter = (SELECT max(counter) FROM entry)").run();
  store.close();
  await until("the relay has noticed the damage and ended", async () => {
    await fetch(`${relay.url}/api/rooms/notes/content?format=text`).catch(() => undefined);
    return Promise.race([relay.exited.then(() => true), new Promise<false>((done) => setTimeout(done, 200, false))]);
  });
  expect((await relay.exited).code).toBe(1);
  expect(relay.stderr).toContain("damaged while the relay ran");

  await relay.start();
  author.goOnline();
  author.insert(0, "after ");
  const reader = new YClient(relay, "notes");
  await reader.reads(author.read());
});
