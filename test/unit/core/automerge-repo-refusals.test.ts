/**
 * What automerge-repo's clients are refused, in a protocol in which hardly anything can be said of one document: what they bring must never be
 * thrown away without a word.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import { ok, refused } from "@inkmesh/shared/base/result";
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import { encodeRepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import { beforeAll, describe, expect, test } from "vitest";
import { automergeRoom, loadAutomerge } from "../../engines.ts";
import { CoreWorld } from "./core-world.ts";
import { RepoScript } from "./repo-script.ts";

beforeAll(loadAutomerge);

function aClient(world: CoreWorld, actor: string): RepoScript {
  const client = new RepoScript(world, automergeRoom, actor).sync();
  world.run();
  return client;
}

function aRoom(number: number): RoomName {
  return roomOfDocument(documentIdOf(new Uint8Array(16).fill(number)));
}

describe("automerge-repo's clients", () => {
  test("[P8] have a limit of documents of their own, and come back to all of them where one is too many", () => {
    const world = new CoreWorld({ limits: { roomsPerConnectionMax: 1, documentsPerConnectionMax: 3 } });
    aClient(world, "aa").write("a");
    world.run();
    const client = new RepoScript(world, automergeRoom, "bb").asksFor(aRoom(1)).asksFor(aRoom(2)).sync();
    world.run();
    expect([client.text, client.closeCode]).toEqual(["a", undefined]);
    client.asksFor(aRoom(3));
    world.run();
    expect(client.kinds(), "the document may be there").not.toContain("doc-unavailable");
    expect(client.closeCode).toBe(1013);
    expect(world.refusals()).toEqual(["TOO_MANY_ROOMS"]);
  });

  test("[P3] ask for as many documents at once as they may have, where an application is asked about each", () => {
    const world = new CoreWorld({ asksAccess: true, limits: { waitingPerSessionMax: 3, documentsPerConnectionMax: 8 } });
    const client = new RepoScript(world, automergeRoom, "aa");
    for (let number = 1; number <= 8; number++) client.asksFor(aRoom(number));
    world.run();
    expect([client.closeCode, world.asked.length]).toEqual([undefined, 8]);
  });

  test.each(["RELAY_BUSY", "ACCESS_UNKNOWN", "INTERNAL"] as const)(
    "are not told that there is no document where that is not known: %s",
    (code) => {
      const world = new CoreWorld({ asksAccess: true });
      const client = aClient(world, "aa").write("a");
      world.deny(code);
      expect(client.kinds()).not.toContain("doc-unavailable");
      expect(client.closeCode).toBeGreaterThanOrEqual(1011);
    },
  );

  const busyRefusal = { type: "refused", refusal: { code: "RELAY_BUSY", detail: "" } } as const;
  const couldNotBeTried: readonly (readonly [string, CoreWorld["tries"]])[] = [
    ["no worker took it", () => refused("RELAY_BUSY")],
    ["a worker took nothing of it", ({ trial }) => ok({ type: "tried", verdicts: trial.updates.map(() => busyRefusal), isSpent: false })],
  ];

  test.each(couldNotBeTried)("[P3] are asked again, seldom but for ever, for what could not be tried when it came: %s", (_how, busy) => {
    const world = new CoreWorld();
    const client = aClient(world, "aa").write("a");
    world.run();
    const { tries } = world;
    let trials = 0;
    world.tries = (effect) => {
      trials += 1;
      return busy(effect);
    };
    client.write("b");
    world.pass(600_000);
    expect(trials, "not more often than twice a minute in the end").toBeLessThan(30);
    expect(world.paused, "the disk takes everything").toEqual(new Set());
    world.tries = tries;
    client.write("c");
    world.pass(30_000);
    expect(aClient(world, "bb").text).toBe("abc");
  });

  test("[C7] are not thrown out by somebody else who says their name, where it matters who somebody is", () => {
    const world = new CoreWorld({ asksAccess: true });
    const [victim, hostile, writer] = [aClient(world, "aa"), aClient(world, "aa"), aClient(world, "bb")];
    for (const user of ["ann", "eve", "bob"]) world.grant({ user });
    writer.write("a");
    world.run();
    expect([victim.closeCode, hostile.closeCode]).toEqual([undefined, undefined]);
    expect([victim.text, hostile.text]).toEqual(["a", "a"]);
    hostile.close();
    writer.write("b");
    world.run();
    expect(victim.text).toBe("ab");
  });

  test("are thrown out by nobody of another principal", () => {
    const world = new CoreWorld();
    const join = (principal: string): { closeCode?: number } => {
      const socket: { closeCode?: number } = {};
      const closed = (code: number): void => void (socket.closeCode = code);
      const connection = world.connect("automerge-repo", { received: () => {}, closed }, { principal });
      const peerMetadata = { storageId: undefined, isEphemeral: false };
      world.send(connection, encodeRepoMessage({ type: "join", senderId: "peer-aa", peerMetadata, versions: ["1"] }));
      world.run();
      return socket;
    };
    const [first, other, again] = [join("ann"), join("eve"), join("ann")];
    expect([first.closeCode, other.closeCode, again.closeCode]).toEqual([1002, undefined, undefined]);
  });

  test("are not asked over and over for what hangs on something that was refused for good", () => {
    const world = new CoreWorld();
    const client = aClient(world, "aa").write("a");
    world.run();
    const { tries } = world;
    let trials = 0;
    const random = seededRandom(1);
    const large = Array.from({ length: 50_000 }, () => String.fromCodePoint(0x4e00 + randomInteger(random, 20_000))).join("");
    world.tries = (effect) => {
      trials += 1;
      return effect.trial.updates.some(({ length }) => length > 65_536) ? refused("UNAPPLICABLE") : tries(effect);
    };
    client.write(large);
    world.run();
    client.write("c");
    world.pass(600_000);
    expect(trials).toBeLessThan(10);
    expect(client.closeCode).toBeUndefined();
  });
});
