import { beforeEach, expect, test } from "vitest";
import { aLiveLine, ALine, aRoom } from "./a-line.ts";
import { anEntry } from "./an-entry.ts";

let line: ALine;
beforeEach(() => {
  line = aLiveLine();
});

const three = [anEntry(1), anEntry(2), anEntry(3)];
const cut = (): void => line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
const type = (...entries: readonly ReturnType<typeof anEntry>[]): void => line.tell({ type: "edited", room: aRoom, entries });
const returns = () => line.takeEffects("returned");

function comeBack(): void {
  line.wait(60_000);
  line.tell({ type: "socket-opened", socket: line.socket });
  line.hear({ type: "welcome", version: 1, relay: "a", frameBytesMax: 1_000_000, updateBytesMax: 10_000, keepaliveMs: 20_000, relays: [] });
  line.hearOpened();
}

test("[P7] an absence is told once, when what was typed in it is saved and all that the relay had is here", () => {
  cut();
  type(...three);
  comeBack();
  line.hearAck(2);
  line.hearSynced();
  expect(returns()).toEqual([]);
  line.hearAck(3);
  expect(returns()).toMatchObject([{ sent: 3, isMissedExact: true }]);
  type(anEntry(4));
  line.hearAck(4);
  expect(returns()).toEqual([]);
});

test("[P7] edits typed after the line came back do not count and are not waited for", () => {
  cut();
  type(anEntry(1));
  comeBack();
  line.hearSynced();
  type(anEntry(2));
  line.hearAck(1);
  expect(returns()).toMatchObject([{ sent: 1 }]);
});

test("[P7] a line that comes and goes makes one absence", () => {
  cut();
  type(...three);
  comeBack();
  line.hearAck(2);
  cut();
  comeBack();
  line.hearSynced();
  line.hearAck(1);
  expect(returns()).toMatchObject([{ sent: 3 }]);
});

test("[P7] opening a document with a line is no absence; sending what a closed tab left is one of no length", () => {
  const fresh = aLiveLine();
  expect(fresh.takeEffects("returned")).toEqual([]);
  fresh.tell({ type: "adopted", room: aRoom, entries: three, leftBehind: true });
  fresh.hearAck(3);
  expect(fresh.takeEffects("returned")).toMatchObject([{ sent: 3, awayMs: 0 }]);
});

test("[P7] a page that begins without a line was absent until it gets one", () => {
  const offline = new ALine();
  offline.tell({ type: "work-offline", offline: true });
  offline.open();
  offline.nowMs += 5_000;
  offline.tell({ type: "work-offline", offline: false });
  offline.tell({ type: "socket-opened", socket: offline.socket });
  offline.hear({ type: "welcome", version: 1, relay: "a", frameBytesMax: 1_000_000, updateBytesMax: 10_000, keepaliveMs: 1, relays: [] });
  offline.hearOpened();
  offline.hearSynced();
  expect(offline.takeEffects("returned")).toMatchObject([{ sent: 0, awayMs: 5_000 }]);
});

test("[P7] what another tab got saved, or a relay refused, was not sent from here", () => {
  cut();
  type(...three);
  line.tell({ type: "settled-elsewhere", room: aRoom, keys: [three[0]!] });
  comeBack();
  line.hearSynced();
  line.hear({ type: "nack", handle: 7, number: 1, code: "TOO_DEEP", retryAfterMs: 0, detail: "", stateVector: new Uint8Array() });
  line.hearAck(1);
  expect(returns()).toMatchObject([{ sent: 1 }]);
});
