/**
 * `inkmesh mesh status`: the mesh as one relay sees it; `inkmesh mesh forget NAME`: gives up a relay that does not come back;
 * `inkmesh mesh drain`: has the relay that is asked hand over all that it has and leave the mesh, and says how far it is.
 *
 * All ask a relay that runs, by its HTTP address. Exit codes: 0 when done, 2 with one sentence when it cannot be.
 */
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { errorKinds } from "@inkmesh/shared/base/errors";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { atOption } from "./asked-relay.ts";
import { say } from "./command-output.ts";
import { giveOrder, secretOf, secretOption, viewOf, type MeshAnswer } from "./mesh-order.ts";
import { endWith } from "./process-end.ts";
import { textTable } from "./text-table.ts";

/** How long the ring may take to change at the relay that was asked. */
const writtenWithinMs = 5_000;

/** How often it is asked how far it is. */
const lookEveryMs = 500;

export function meshCommand(program: Command): void {
  const mesh = program.command("mesh").description("shows and changes which relays there are");
  mesh
    .command("status")
    .description("the mesh as one relay sees it")
    .option(...atOption)
    .option("--json", "as /api/mesh says it")
    .action(async (options: { at: string; json?: boolean }) => {
      const view = await viewOf(options.at);
      say(options, view, statusTable(view));
    });
  mesh
    .command("forget <name>")
    .description("gives up a relay that does not come back: its documents are copied to others")
    .option(...atOption)
    .option(...secretOption)
    .option("--json", "what came of it")
    .action(async (name: string, options: { at: string; meshSecretFile?: string; json?: boolean }) => {
      await forget(options.at, name as RelayId, secretOf(options.meshSecretFile));
      say(options, { forgotten: name }, `Relay ${name} is forgotten. It comes back only when it is started with --join.\n`);
    });
  mesh
    .command("drain")
    .description("has the relay at --at hand over all its documents to the others, and leave the mesh; waits until it has")
    .option(...atOption)
    .option(...secretOption)
    .option("--no-wait", "do not wait: `inkmesh mesh status` says when it has left")
    .option("--json", "what came of it")
    .action(async (options: { at: string; meshSecretFile?: string; wait: boolean; json?: boolean }) => {
      const relay = await drain(options.at, secretOf(options.meshSecretFile));
      if (!options.wait) return say(options, { relay, place: "leaving" }, `Relay ${relay} leaves. It has left when its place is "left".\n`);
      await whenLeft(options.at, relay);
      const words = `Relay ${relay} has left: all that it has is on the others. It can be stopped, and its data folder removed.\n`;
      say(options, { relay, place: "left" }, words);
    });
}

/** Each relay with its place on the ring, and what is believed of it; a relay that nobody has seen has a place all the same. */
export function statusTable({ self, mesh, ring, relays }: MeshAnswer): string {
  const places = new Map(ring?.records.map(({ relay, status }) => [relay, status]));
  const unseen = [...places.keys()].filter((relay) => !relays.some((member) => member.relay === relay)).map((relay) => ({ relay }));
  const rows = [...relays, ...unseen].map((member: Partial<MeshAnswer["relays"][number]> & { relay: RelayId }) => [
    member.relay,
    places.get(member.relay) ?? "none",
    member.state ?? "not seen",
    member.relay === self && member.linked === undefined ? "asked" : member.linked === true ? "linked" : "no link",
    member.roundTripMs === undefined ? "" : `${member.roundTripMs.toFixed(1)} ms`,
    member.sessions?.toString() ?? "",
    member.release ?? "",
    member.address ?? "",
  ]);
  const sorted = rows.toSorted(([left], [right]) => (left! < right! ? -1 : 1));
  const table = textTable(["relay", "place", "state", "link", "round trip", "sessions", "release", "address"], sorted);
  const moving = movingLine(relays.find((member) => member.relay === self && member.linked === undefined));
  return [`Mesh ${mesh ?? "none"}, ring ${ring?.id ?? "none"}, as relay ${self} sees it.`, table, ...moving].join("\n");
}

/** How far the relay that is asked is with what the ring places on others. Nothing where there is nothing of that. */
function movingLine(asked: MeshAnswer["relays"][number] | undefined): readonly string[] {
  const { roomsToHandOver = 0, roomsToDrop = 0, roomsDropped = 0 } = asked ?? {};
  if (roomsToHandOver + roomsToDrop + roomsDropped === 0) return [];
  return [`Of documents placed on others: ${roomsToHandOver} to hand over, ${roomsToDrop} to drop, ${roomsDropped} dropped.\n`];
}

async function forget(address: string, relay: RelayId, secret: Uint8Array): Promise<void> {
  const view = await viewOf(address);
  if (statusIn(view, relay) === "forgotten") return;
  await giveOrder(address, secret, () => ({
    ...{ order: "forget", relay },
    ...{ method: "DELETE", path: `/api/mesh/relays/${encodeURIComponent(relay)}` },
  }));
  await whenWritten(address, (later) => statusIn(later, relay) === "forgotten");
}

/** Answers who drains. */
async function drain(address: string, secret: Uint8Array): Promise<RelayId> {
  const view = await giveOrder(address, secret, ({ self }) => ({ order: "drain", relay: self, method: "POST", path: "/api/mesh/drain" }));
  await whenWritten(address, (later) => isLeaving(later));
  return view.self;
}

/** Says how many documents are still to be handed over whenever that is another number. */
async function whenLeft(address: string, relay: RelayId): Promise<void> {
  let said = "";
  for (;;) {
    const view = await viewOf(address);
    const status = statusIn(view, relay);
    if (status === "left") return;
    if (status !== "leaving") return endWith(2, `Relay ${relay} does not leave any more: its place is "${status ?? "none"}".`);
    if (takers(view).length === 0)
      return endWith(2, `Relay ${relay} cannot leave: ${errorKinds.RELAY_NEEDED.sentence} Start another one with --join.`);
    const rooms = view.relays[0]?.roomsToHandOver ?? 0;
    const away = takers(view).filter((taker) => !view.relays.some((member) => member.relay === taker && member.linked === true));
    const count = rooms === 0 ? "looking once more" : `${rooms} ${rooms === 1 ? "document" : "documents"} to hand over`;
    const words = away.length === 0 ? count : `${count}; relay ${away.join(", ")} cannot be reached`;
    if (words !== said) process.stderr.write(`Relay ${relay} leaves: ${words} …\n`);
    said = words;
    await setTimeout(lookEveryMs);
  }
}

/** Who can take over what another one has. */
function takers({ self, ring }: MeshAnswer): readonly RelayId[] {
  const placed = ring?.records.filter(({ relay, status }) => relay !== self && (status === "joining" || status === "member")) ?? [];
  return placed.map(({ relay }) => relay);
}

async function whenWritten(address: string, isWritten: (view: MeshAnswer) => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < writtenWithinMs; waitedMs += 100) {
    if (isWritten(await viewOf(address))) return;
    await setTimeout(100);
  }
  return endWith(2, `The relay at ${address} has not written it within ${writtenWithinMs / 1_000} s; ask it again.`);
}

function isLeaving(view: MeshAnswer): boolean {
  const status = statusIn(view, view.self);
  return status === "leaving" || status === "left";
}

function statusIn({ ring }: MeshAnswer, relay: RelayId): string | undefined {
  return ring?.records.find((record) => record.relay === relay)?.status;
}
