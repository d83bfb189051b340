/**
 * What automerge-repo's clients are refused, in a protocol in which hardly anything can be said of one document: what they bring must never be
 * thrown away without a word.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
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
});
