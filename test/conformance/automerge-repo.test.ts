/**
 * Released automerge-repo clients, unchanged, on one relay.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AutomergeClient, endAutomergeClients, haveConverged, textOf, type } from "../harness/automerge-client.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";

let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(() => endAutomergeClients());
afterAll(() => endRelays());

describe("[P11] automerge-repo clients on one relay", () => {
  test("[P1] type at once, and all converge, who comes later too", async () => {
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const ours = await a.begun("begun ");
    const theirs = await b.find(ours.url);
    for (let round = 0; round < 20; round++) {
      type(ours, `a${round} `);
      type(theirs, `b${round} `, 0);
      await new Promise(setImmediate);
    }
    const text = await haveConverged([ours, theirs], (read) => read.split(" ").length === 42, "all 41 words are on both");
    const late = await new AutomergeClient(relay).find(ours.url);
    await haveConverged([late, ours], (read) => read === text, "a late one reads all");
    expect(textOf(late)).toBe(text);
  });
});
