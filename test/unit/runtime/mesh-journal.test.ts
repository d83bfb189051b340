import { actorOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import type { MemberState } from "@inkmesh/shared/wire/mesh-message";
import { firstRing } from "../../../server/core/membership/belonging.ts";
import type { MeshNews } from "../../../server/core/peers/mesh-effect.ts";
import type { Logger } from "../../../server/runtime/logger.ts";
import { MeshJournal } from "../../../server/runtime/mesh-journal.ts";

const life = (relay: string, number = 1): ActorId => actorOf(relay as RelayId, new Uint8Array(8).fill(number));
const place = { weight: 1, zone: "" };

function aJournal() {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (_fields: object, words: string): void =>
      void lines.push(`${level} ${words}`);
  const logger = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, at(level)])) as unknown as Logger;
  const clock = { nowMs: 0 };
  const ring = firstRing("a" as RelayId, place);
  const journal = new MeshJournal({ self: life("a"), ring, logger, nowMs: () => clock.nowMs });
  return { journal, clock, ring, lines: () => lines.splice(0) };
}

function changed(actor: ActorId, state: MemberState, before?: MemberState): MeshNews {
  const member = { relay: actor.split(".")[0] as RelayId, actor, state, incarnation: 0, address: "ws://b/mesh", sinceMs: 0 };
  return { type: "member-changed", member, before };
}

const secretRefused = (remote: string): MeshNews => ({
  ...{ type: "link-refused", remote, dialled: undefined, peer: undefined, claimed: life("x") },
  refusal: { code: "MESH_SECRET", detail: "" },
});

describe("another relay", () => {
  test("is there, silent, found again, lost, and has stopped, each in words", () => {
    const { journal, lines } = aJournal();
    const b = life("b");
    for (const [state, before] of [
      ["alive", undefined],
      ["suspect", "alive"],
      ["alive", "suspect"],
      ["dead", "suspect"],
      ["alive", "dead"],
      ["left", "alive"],
    ] as const)
      journal.note(changed(b, state, before));
    expect(lines()).toEqual([
      "info b is there",
      "warn b does not answer",
      "info b is found again; it was silent for a while",
      "warn b is lost: it is believed dead, and keeps its place on the ring",
      "info b is found again; it was believed dead",
      "info b has stopped, and said so",
    ]);
  });

  test("that was restarted is not called lost for the end of its earlier life", () => {
    const { journal, lines } = aJournal();
    journal.note(changed(life("b"), "alive"));
    journal.note(changed(life("b", 2), "alive"));
    lines();
    journal.note(changed(life("b"), "suspect", "alive"));
    journal.note(changed(life("b"), "dead", "suspect"));
    expect(lines()).toEqual(["debug an earlier life of b is suspect", "debug an earlier life of b is dead"]);
  });

  test("on the ring: only what changed is told", () => {
    const { journal, lines, ring } = aJournal();
    const joined = ring.join("b" as RelayId, place);
    for (const next of [joined, joined.move("b" as RelayId, { weight: 2, zone: "" }), joined.forget("b" as RelayId)])
      journal.note({ type: "ring-changed", ring: next });
    expect(lines()).toEqual(["info b joins the ring", "info b was forgotten: its place on the ring is free"]);
  });
});

describe("trouble", () => {
  test("says who, why and what to do, once in five minutes for one address", () => {
    const { journal, clock, lines } = aJournal();
    journal.note(secretRefused("10.0.0.9:1111"));
    expect(lines()).toEqual([
      "warn no link with somebody at 10.0.0.9:1111 who says it is x: The relay does not know the secret of this mesh. " +
        "Give both relays the same secret, by --mesh-secret-file or INKMESH_MESH_SECRET.",
    ]);
    journal.note(secretRefused("10.0.0.9:2222"));
    journal.note(secretRefused("10.0.0.8:1111"));
    expect(lines().map((line) => line.slice(0, 5))).toEqual(["debug", "warn "]);
    clock.nowMs = 300_000;
    journal.note(secretRefused("10.0.0.9:3333"));
    expect(lines()[0]).toMatch(/^warn/);
  });

  test("with an address is said anew once a link to it was up", () => {
    const { journal, lines } = aJournal();
    const unreachable: MeshNews = { type: "unreachable", address: "ws://b/mesh", reason: "nobody listens there (ECONNREFUSED)" };
    journal.note(unreachable);
    journal.note(unreachable);
    journal.note({ type: "peer-up", actor: life("b"), address: "ws://b/mesh", dialled: "ws://b/mesh" });
    journal.note(unreachable);
    const words = "ws://b/mesh cannot be reached; it is tried again and again";
    expect(lines()).toEqual([`info ${words}`, `debug ${words}`, "debug a link to b is up", `info ${words}`]);
  });

  test("of two links to one peer is none", () => {
    const { journal, lines } = aJournal();
    journal.note({ ...secretRefused("h:1"), refusal: { code: "LINK_DOUBLE", detail: "" } } as MeshNews);
    expect(lines()[0]).toMatch(/^debug/);
  });

  test("of a copied data folder says what to do, and when it is over", () => {
    const { journal, lines } = aJournal();
    journal.note({ type: "contested", relay: "b" as RelayId, actors: [life("b"), life("b", 2)] });
    journal.note({ type: "contested", relay: "b" as RelayId, actors: [life("b")] });
    expect(lines()).toEqual([
      "error 2 relays claim the name b. Was a data folder copied? Stop all but one of them.",
      "info the name b belongs to one relay again",
    ]);
  });
});
