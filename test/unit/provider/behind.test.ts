import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Access, Lacking } from "@inkmesh/shared/wire/client-message";
import { describe, expect, test } from "vitest";
import { aLiveLine, ALine, aRoom } from "./a-line.ts";

const clock = (counter: number): VectorClock => VectorClock.of([["a.1" as ActorId, counter]]);

/** A client that saw five entries at one relay, and comes to another one that has three and says what it lacks. */
function movedTo(lacks: Lacking, access: Access = "read-write"): ALine {
  const line = aLiveLine();
  line.hear({ type: "clock", handle: 7, clock: clock(5), token: "five" });
  goOn(line);
  line.hearOpened({ access });
  line.take();
  line.hear({ type: "behind", handle: 7, lacks });
  line.hear({ type: "synced", handle: 7, clock: clock(3), token: "three" });
  return line;
}

function goOn(line: ALine): void {
  line.tell({ type: "socket-closed", socket: line.socket, code: 1006 });
  line.wait(1_000);
  line.connect();
}

/** The token with which it would open the room at the next relay. */
function tokenAtNext(line: ALine): string | undefined {
  line.take();
  goOn(line);
  const open = line.take().find((message) => message.type === "open");
  return open?.type === "open" ? open.token : undefined;
}

describe("[P6] a relay that is behind what was seen elsewhere", () => {
  test("is said to be, and is sent all that the document has", () => {
    const line = movedTo("awaited");
    expect(line.core.room(aRoom)).toMatchObject({ session: "live", isBehind: true });
    expect(line.take()).toMatchObject([{ type: "updates", kind: "state", updates: [Uint8Array.of(0, 0)] }]);
  });

  test("is not behind any more once it has that on its disk, and its token takes the place of the old one", () => {
    const line = movedTo("awaited");
    line.hearAck(1, { copies: 0, replicas: 3, needed: 2 });
    expect(line.core.room(aRoom)).toMatchObject({ isBehind: true });
    line.hearAck(1, { copies: 1, replicas: 3, needed: 2 });
    expect(line.core.room(aRoom)).toMatchObject({ isBehind: false, clock: "a.1:3" });
    expect(tokenAtNext(line)).toBe("three");
  });

  test("is not behind any more when it says so", () => {
    const line = movedTo("awaited", "read-only");
    line.hear({ type: "clock", handle: 7, clock: clock(6), token: "six" }, { type: "behind", handle: 7, lacks: "nothing" });
    expect(line.core.room(aRoom)).toMatchObject({ isBehind: false, clock: "a.1:6" });
    expect(tokenAtNext(line)).toBe("six");
  });

  test("does not make the next relay be taken for one that has all: the old token is kept until then", () => {
    const line = movedTo("awaited");
    expect(tokenAtNext(line)).toBe("five");
    expect(line.core.room(aRoom)).toMatchObject({ isBehind: false });
  });

  test("is told over a reload, too: the token is kept on the device with what it names, and gives way there, too", () => {
    const line = movedTo("awaited");
    expect(line.takeEffects("clock-reached").at(-1)).toMatchObject({ token: "five" });
    line.hearAck(1);
    expect(line.takeEffects("clock-reached").at(-1)).toMatchObject({ token: "three" });
    const next = new ALine();
    const kept = { generation: 0, clock: clock(5), token: "five", entries: [] };
    next.tell({ type: "room-opened", room: aRoom, access: "read-write" }, { type: "room-loaded", room: aRoom, ...kept });
    next.connect();
    expect(next.said).toContainEqual(expect.objectContaining({ type: "open", token: "five" }));
  });

  test("does not make it for ever for those who may not write: where no relay has it, the relay's token is taken at once", () => {
    const line = movedTo("lost", "read-only");
    expect(line.core.room(aRoom)).toMatchObject({ isBehind: true });
    expect(tokenAtNext(line)).toBe("three");
  });
});
