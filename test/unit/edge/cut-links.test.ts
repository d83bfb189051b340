import type { ActorId, LinkId, MeshId, RelayId } from "@inkmesh/shared/base/ids";
import { encodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import { describe, expect, test } from "vitest";
import type { MeshInput } from "../../../server/core/peers/mesh-input.ts";
import { CutLinks } from "../../../server/edge/cut-links.ts";

const [b, c] = ["b", "c"] as RelayId[] as [RelayId, RelayId];
const [first, second] = [1, 2] as LinkId[] as [LinkId, LinkId];

/** Two links of a relay, and what goes through them. */
class Desk {
  readonly links: CutLinks;
  readonly out: string[] = [];
  readonly in: string[] = [];

  constructor() {
    this.links = new CutLinks({
      door: {
        write: (link, frames, asks) => void this.out.push(`${link}: ${frames.map((frame) => frame.join()).join("|")}${asks ? "?" : ""}`),
        close: (link, _code, reason) => void this.out.push(`${link} closed: ${reason}`),
        dial: (address) => void this.out.push(`dial ${address}`),
      },
      enqueue: (input) => void this.in.push(inWords(input)),
    });
  }

  open(link: LinkId, relay: string): this {
    this.links.heard({ type: "link-opened", link, dialled: undefined, remote: "" });
    this.links.heard({ type: "link-received", link, bytes: aHello(relay) });
    return this;
  }

  hears(link: LinkId, ...bytes: number[]): void {
    this.links.heard({ type: "link-received", link, bytes: Uint8Array.from(bytes) });
  }

  says(link: LinkId, byte: number, asks = false): void {
    this.links.write(link, [Uint8Array.of(byte)], asks);
  }

  forget(): void {
    this.out.length = 0;
    this.in.length = 0;
  }
}

function inWords(input: MeshInput): string {
  if (input.type !== "link-received") return `${input.type}${"link" in input ? ` ${input.link}` : ""}`;
  return input.bytes.length > 10 ? `hello ${input.link}` : `${input.link}: ${input.bytes.join()}`;
}

function aHello(relay: string): Uint8Array {
  const actor = `${relay}.0000000000000001` as ActorId;
  return encodeHandshake({
    type: "hello",
    version: 9,
    mesh: "0011223344556677" as MeshId,
    actor,
    nonce: new Uint8Array(16),
    address: `ws://${relay}/mesh`,
  });
}

describe("a cut", () => {
  test("keeps back both directions of that relay's link and of no other, and gives all of it in order when it is healed", () => {
    const desk = new Desk().open(first, "b").open(second, "c");
    desk.forget();
    desk.links.cutOff([b]);
    for (const link of [first, second]) {
      desk.says(link, 1);
      desk.hears(link, 7);
    }
    desk.says(first, 2, true);
    desk.hears(first, 8);
    expect([desk.out, desk.in]).toEqual([["2: 1"], ["2: 7"]]);
    desk.links.cutOff([]);
    expect([desk.out, desk.in]).toEqual([
      ["2: 1", "1: 1", "1: 2?"],
      ["2: 7", "1: 7", "1: 8"],
    ]);
    desk.says(first, 3);
    expect(desk.out.at(-1)).toBe("1: 3");
  });

  test("of another relay does not heal the first", () => {
    const desk = new Desk().open(first, "b").open(second, "c");
    desk.links.cutOff([b]);
    desk.links.cutOff([b, c]);
    desk.forget();
    desk.hears(first, 7);
    desk.links.cutOff([c]);
    expect(desk.in).toEqual(["1: 7"]);
    expect(desk.links.cut).toEqual(["c"]);
  });

  test("keeps even the end of the link from being heard of, but what this relay closes is closed", () => {
    const desk = new Desk().open(first, "b").open(second, "b");
    desk.links.cutOff([b]);
    desk.forget();
    desk.hears(first, 7);
    desk.links.heard({ type: "link-closed", link: first });
    expect(desk.in).toEqual([]);
    desk.links.close(second, 1013, "PEER_SILENT");
    expect(desk.out).toEqual(["2 closed: PEER_SILENT"]);
    desk.links.cutOff([]);
    expect(desk.in).toEqual(["1: 7", "link-closed 1"]);
  });

  test("lets a new link of that relay no further than its hello", () => {
    const desk = new Desk();
    desk.links.cutOff([b]);
    desk.open(first, "b").open(second, "c");
    desk.says(first, 1);
    expect(desk.in).toEqual(["link-opened 1", "link-opened 2", "hello 2"]);
    expect(desk.out).toEqual([]);
  });

  test("[P8] a link for which too much waits is given up", () => {
    const desk = new Desk().open(first, "b");
    desk.links.cutOff([b]);
    desk.forget();
    for (let frame = 0; frame < 17; frame++) desk.links.heard({ type: "link-received", link: first, bytes: new Uint8Array(1024 * 1024) });
    expect([desk.out, desk.in]).toEqual([["1 closed: more waits than a connection bears"], ["link-closed 1"]]);
    desk.links.cutOff([]);
    expect(desk.in).toEqual(["link-closed 1"]);
  });
});

test("a pause keeps back what is said to anybody, and nothing of what is heard", () => {
  const desk = new Desk().open(first, "b").open(second, "c");
  desk.forget();
  desk.links.pause(true);
  for (const link of [first, second]) {
    desk.says(link, 1);
    desk.hears(link, 7);
  }
  expect([desk.out, desk.in]).toEqual([[], ["1: 7", "2: 7"]]);
  desk.links.pause(false);
  expect(desk.out).toEqual(["1: 1", "2: 1"]);
});

test("what is about no link, or one that is gone, goes by", () => {
  const desk = new Desk();
  desk.links.dial("ws://b/mesh");
  desk.links.heard({ type: "dial-failed", address: "ws://b/mesh", reason: "nobody" });
  desk.links.heard({ type: "link-closed", link: first });
  expect([desk.out, desk.in]).toEqual([["dial ws://b/mesh"], ["dial-failed", "link-closed 1"]]);
});
