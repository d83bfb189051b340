/**
 * Clients of automerge-repo's dialect in one relay, beside our own in the same rooms.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { beforeAll, describe, expect, test } from "vitest";
import { textOfChanges, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, loadAutomerge } from "../../engines.ts";
import { aLineage, CoreWorld } from "./core-world.ts";
import { RepoScript } from "./repo-script.ts";
import { NativeScript, YScript } from "./scripted-client.ts";

const saved = "inkmesh/saved";

beforeAll(loadAutomerge);

function aClient(world: CoreWorld, actor: string): RepoScript {
  const client = new RepoScript(world, automergeRoom, actor).sync();
  world.run();
  return client;
}

describe("automerge-repo's clients", () => {
  test("[P1] and ours read each other in one room, and one who comes late reads all", () => {
    const world = new CoreWorld();
    const ours = new NativeScript(world).hello().open(automergeRoom, { stateVector: noBytes });
    const theirs = aClient(world, "aa");
    expect(theirs.kinds(), "somebody may have begun it just now").toEqual(["peer"]);
    world.pass(1_000);
    expect(theirs.kinds()).toEqual(["peer", "doc-unavailable"]);
    ours.updates(1, typedChanges("bb", ["ours "]));
    world.run();
    expect(theirs.text).toBe("ours ");
    theirs.write("theirs");
    world.run();
    expect(
      textOfChanges(
        ours
          .heard("updates")
          .flatMap(({ updates }) => updates)
          .concat(typedChanges("bb", ["ours "])),
      ),
    ).toBe("ours theirs");
    expect(aClient(world, "cc").text).toBe("ours theirs");
  });

  test("[P2] are told of heads when they are on the disk, who asks later at once, and who has not asked never", () => {
    const world = new CoreWorld();
    const [client, silent] = [aClient(world, "aa").wants(saved, "inkmesh/on-2", "somebody"), aClient(world, "bb")];
    client.write("a");
    world.run();
    expect(client.isTold(saved)).toBe(true);
    world.holdsAppends = true;
    client.write("b");
    world.run();
    expect(client.isTold(saved)).toBe(false);
    world.holdsAppends = false;
    world.landAppends();
    world.run();
    expect([client.isTold(saved), client.isTold("inkmesh/on-2"), client.isTold("somebody")]).toEqual([true, false, false]);
    expect(silent.kinds()).not.toContain("remote-heads-changed");
    silent.wants(saved);
    world.run();
    expect(silent.isTold(saved)).toBe(true);
  });

  test("who may only read is told what others write, and nothing of its own is let in", () => {
    const world = new CoreWorld({ asksAccess: true });
    const [writer, reader] = [aClient(world, "aa"), aClient(world, "bb")];
    world.grant();
    world.grant({ access: "read-only" });
    writer.write("a");
    world.run();
    reader.write("b");
    world.run();
    writer.write("c");
    world.run();
    expect([writer.text, reader.text?.replace("b", "")]).toEqual(["ac", "ac"]);
    expect(world.refusals()).toContain("READ_ONLY");
  });

  test("who may not have a document is told that there is none, once, and asks anew by a request only", () => {
    const world = new CoreWorld({ asksAccess: true });
    const client = aClient(world, "aa");
    world.deny();
    expect(client.kinds()).toEqual(["peer", "doc-unavailable"]);
    client.write("a");
    world.run();
    expect(client.closeCode).toBeUndefined();
    expect(world.asked).toEqual([]);
  });

  test("[P4] what a full disk kept out comes by itself when there is space", () => {
    const world = new CoreWorld();
    const client = aClient(world, "aa").write("a");
    world.run();
    world.holdsAppends = true;
    client.write("b");
    world.run();
    world.failAppends();
    world.run();
    client.write("c");
    world.run();
    expect(world.refusals()).toContain("STORE_FULL");
    world.holdsAppends = false;
    world.pass(60_000);
    expect(aClient(world, "bb").text).toBe("abc");
  });

  test("[P3] who comes back to another life of the relay is brought what it lacks, and brings what the relay lacks", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: 4 } });
    const [writer, returning] = [aClient(world, "aa"), aClient(world, "bb")];
    for (const letter of "abcdef") {
      writer.write(letter);
      world.run();
    }
    expect(world.disk.snapshot(aLineage(automergeRoom))).toBeDefined();
    returning.close();
    writer.write("g");
    world.run();
    world.crash();
    const again = new RepoScript(world, automergeRoom, "bb");
    again.document = returning.document;
    again.write("h");
    world.run();
    expect(again.text).toHaveLength(8);
    expect(aClient(world, "cc").text).toBe(again.text);
  });

  test("clients of Yjs' kind are refused in a room of Automerge's", () => {
    const world = new CoreWorld();
    const client = new YScript(world, automergeRoom);
    world.run();
    expect(client.closeCode).toBe(4400);
  });

  test("of one peer the socket counts on which it joined last", () => {
    const world = new CoreWorld();
    const [former, next] = [aClient(world, "aa"), aClient(world, "aa")];
    expect([former.closeCode, next.closeCode]).toEqual([1002, undefined]);
    next.write("a");
    world.run();
    expect(aClient(world, "bb").text).toBe("a");
  });
});
