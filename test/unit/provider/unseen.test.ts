import { expect, test } from "vitest";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as Y from "yjs";
import { RoomPresence } from "../../../client/provider/room-presence.ts";

test("how many are not shown is what the relay counts less those who are, oneself among them, and nothing without a line", () => {
  const [mine, other] = [new Awareness(new Y.Doc()), new Awareness(new Y.Doc())];
  for (const awareness of [mine, other]) awareness.setLocalState({ user: {} });
  const presence = new RoomPresence({ awareness: mine, changed: () => undefined });
  let told = 0;
  const stop = presence.watchUnseen(() => (told += 1));
  expect(presence.unseen).toBe(0);
  presence.counted(500);
  presence.apply(encodeAwarenessUpdate(other, [other.clientID]));
  expect([presence.unseen, told]).toEqual([498, 1]);
  presence.counted(500);
  expect(told).toBe(1);
  presence.counted(0);
  expect([presence.unseen, told]).toEqual([0, 2]);
  presence.counted(9);
  presence.forgetOthers();
  expect([presence.unseen, told]).toEqual([0, 4]);
  stop();
  presence.counted(7);
  expect([presence.unseen, told]).toEqual([6, 4]);
  presence.close();
  for (const awareness of [mine, other]) awareness.destroy();
});
