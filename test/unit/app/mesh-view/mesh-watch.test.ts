import { expect, test } from "vitest";
import { MeshWatch, originOf, relaysAskedMax } from "../../../../client/app/mesh-view/mesh-watch.ts";
import { aMeshBody, aRoom } from "./an-answer.ts";

/** Relays that answer by their host, and time that passes when it is told to. */
class World {
  readonly asked: string[] = [];
  readonly answers = new Map<string, object>();
  isSeen = true;
  nowMs = 1_000_000;
  #waiting: (() => void)[] = [];

  watch(...origins: readonly string[]): MeshWatch {
    return new MeshWatch(
      origins,
      {
        fetch: async (url) => {
          this.asked.push(url);
          const body = this.answers.get(url);
          this.nowMs += 2;
          if (body === undefined) throw new TypeError("nobody there");
          return { ok: true, json: async () => body };
        },
        nowMs: () => this.nowMs,
        isSeen: () => this.isSeen,
        wait: () => new Promise((over) => this.#waiting.push(over)),
      },
      () => undefined,
    );
  }

  /** A second goes by. */
  async second(): Promise<void> {
    await settled();
    this.nowMs += 1_000;
    for (const over of this.#waiting.splice(0)) over();
    await settled();
  }

  mesh(relay: string, others: readonly string[] = []): void {
    this.answers.set(
      `http://${relay}.example/api/mesh`,
      aMeshBody(
        relay,
        others.map((other) => ({ relay: other })),
      ),
    );
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("the page's own relay names the others, and each is asked about itself once a second", async () => {
  const world = new World();
  for (const relay of ["a", "b"])
    world.mesh(
      relay,
      ["a", "b"].filter((other) => other !== relay),
    );
  const watch = world.watch("http://a.example");
  await world.second();
  expect(watch.polls.map(({ origin, mesh }) => [origin, mesh?.self])).toEqual([
    ["http://a.example", "a"],
    ["http://b.example", "b"],
  ]);
  world.asked.length = 0;
  await world.second();
  expect(world.asked.toSorted()).toEqual(["http://a.example/api/mesh", "http://b.example/api/mesh"]);
  watch.end();
  world.asked.length = 0;
  await world.second();
  expect(world.asked).toEqual([]);
});

test("who falls silent keeps what it said, and since when it does not answer; it is asked on, and is back at once", async () => {
  const world = new World();
  world.mesh("a");
  const watch = world.watch("http://a.example");
  await world.second();
  const since = world.nowMs;
  world.answers.clear();
  await world.second();
  await world.second();
  expect(watch.polls[0]).toMatchObject({ mesh: { self: "a" } });
  expect(watch.polls[0]!.failingSinceMs).toBeGreaterThanOrEqual(since);
  expect(watch.polls[0]!.failingSinceMs).toBeLessThan(since + 1_100);
  world.mesh("a");
  await world.second();
  expect(watch.polls[0]!.failingSinceMs).toBeUndefined();
});

test("what is no relay's answer is none", async () => {
  const world = new World();
  world.answers.set("http://a.example/api/mesh", { hello: "world" });
  const watch = world.watch("http://a.example");
  await world.second();
  expect(watch.polls[0]).toMatchObject({ mesh: undefined, failingSinceMs: expect.any(Number) });
});

test("a relay that goes by two addresses is asked at the one that was there first", async () => {
  const world = new World();
  world.mesh("b", ["a"]);
  world.answers.set("http://localhost:4400/api/mesh", aMeshBody("a", [{ relay: "b" }]));
  world.answers.set("http://a.example/api/mesh", aMeshBody("a", [{ relay: "b" }]));
  // As this device remembers it.
  const watch = world.watch("http://localhost:4400", "http://a.example");
  await world.second();
  await world.second();
  await world.second();
  expect(watch.polls.map(({ origin }) => origin).toSorted()).toEqual(["http://b.example", "http://localhost:4400"]);
});

test("a document's clocks are asked for with the rest, and those of the one before are gone", async () => {
  const world = new World();
  world.mesh("a");
  world.answers.set("http://a.example/api/rooms/a%2Fb/clocks", aRoom("a", { "a.1": 3 }));
  const watch = world.watch("http://a.example");
  await world.second();
  watch.look("a/b");
  await settled();
  expect(watch.polls[0]!.room?.clock).toEqual({ "a.1": 3 });
  watch.look("other");
  expect(watch.polls[0]!.room).toBeUndefined();
  await settled();
  expect(watch.polls[0]).toMatchObject({ mesh: { self: "a" }, room: undefined, failingSinceMs: undefined });
});

test("while nobody looks at the page nobody is asked", async () => {
  const world = new World();
  world.mesh("a");
  world.isSeen = false;
  const watch = world.watch("http://a.example");
  await world.second();
  expect([world.asked, watch.polls[0]!.mesh]).toEqual([[], undefined]);
  world.isSeen = true;
  await world.second();
  expect(watch.polls[0]!.mesh?.self).toBe("a");
});

test("a clock's lead is measured from the middle of the question", async () => {
  const world = new World();
  world.answers.set("http://a.example/api/mesh", aMeshBody("a", [], { wallMs: world.nowMs + 5_001 }));
  const watch = world.watch("http://a.example");
  await settled();
  expect(watch.polls[0]).toMatchObject({ aheadMs: 5_000, tookMs: 2 });
});

test("what was ordered is shown at once, and for as long as an answer may not know of it", async () => {
  const world = new World();
  const standing = { cut: [], isPaused: false, skewMs: 0 };
  world.answers.set("http://a.example/api/mesh", aMeshBody("a", [], {}, { experiments: standing }));
  const watch = world.watch("http://a.example");
  await world.second();
  let answered: () => void = () => undefined;
  watch.expect([{ origin: "http://a.example", change: { isPaused: true } }], new Promise<void>((over) => (answered = over)));
  expect(watch.polls[0]!.mesh?.experiments).toEqual({ ...standing, isPaused: true });
  await world.second();
  expect(watch.polls[0]!.mesh?.experiments?.isPaused).toBe(true);
  answered();
  await settled();
  await world.second();
  expect(watch.polls[0]!.mesh?.experiments).toEqual(standing);
});

test("[P8] of many relays only some are asked", async () => {
  const world = new World();
  world.mesh(
    "a",
    Array.from({ length: 40 }, (_, index) => `r${index}`),
  );
  const watch = world.watch("http://a.example");
  await world.second();
  expect(watch.polls).toHaveLength(relaysAskedMax);
});

test.each([
  ["ws://127.0.0.1:4401/mesh", "http://127.0.0.1:4401"],
  ["wss://b.example/inkmesh/mesh", "https://b.example"],
  ["", undefined],
  ["javascript:alert(1)", undefined],
])("a relay at %s answers at %s", (address, origin) => expect(originOf(address)).toBe(origin));
