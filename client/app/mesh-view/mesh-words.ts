/**
 * MeshWords: what the page calls things: states, times, sizes, and what happened between two looks. Never a colour alone.
 */
import type { KnownDurability } from "./known-durability.ts";
import type { MeshReading, SeenRelay } from "./mesh-reading.ts";
import type { MeshSight, ReplicaCopy } from "./mesh-sight.ts";

/** "alive", or what it is instead and for how long. */
export function stateWords({ state, sinceSeconds }: Pick<SeenRelay, "state" | "sinceSeconds">): string {
  if (state === "alive" || state === "not seen" || sinceSeconds === undefined) return state;
  return `${state} for ${durationWords(sinceSeconds * 1_000)}`;
}

export function placeWords(place: SeenRelay["place"]): string {
  const words: Readonly<Record<SeenRelay["place"], string>> = {
    joining: "joining, copies what it is to keep",
    member: "member of the ring",
    leaving: "leaving, hands over what it has",
    left: "has left the ring",
    forgotten: "given up",
    none: "not on the ring",
  };
  return words[place];
}

/** 0.4 ms, 12 ms, 1.5 s. */
export function roundTripWords(ms: number | undefined): string {
  if (ms === undefined) return "not measured yet";
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

export function backlogWords(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  if (bytes === 0) return "nothing waits";
  if (bytes < 1_024) return `${bytes} bytes wait`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(0)} KiB wait` : `${(bytes / 1_048_576).toFixed(1)} MiB wait`;
}

/** Silence that is worth a word: a link that carries nothing else carries a sign of life every second. */
const silenceMs = 2_500;

/** One end of a link. */
export function linkWords(end: SeenRelay | undefined): string {
  if (end === undefined) return "not asked: it does not answer this page";
  if (!end.linked) return "no link";
  const silent = (end.silentMs ?? 0) >= silenceMs ? `silent for ${durationWords(end.silentMs!)}` : undefined;
  return [silent ?? roundTripWords(end.roundTripMs), backlogWords(end.backlogBytes)].filter(Boolean).join(", ");
}

/** Up, silent, down. */
export function linkState(ends: readonly (SeenRelay | undefined)[]): "up" | "silent" | "down" | "unknown" {
  const seen = ends.filter((end) => end !== undefined);
  if (seen.length === 0) return "unknown";
  if (!seen.every(({ linked }) => linked)) return "down";
  return seen.some(({ silentMs }) => (silentMs ?? 0) >= silenceMs) ? "silent" : "up";
}

export function lagWords(copy: ReplicaCopy): string {
  if (copy.source.type === "nobody") return "not known";
  if (!copy.isSameGeneration) return "has another document of this name, deleted or newer";
  if (copy.behind === 0) return copy.isComplete ? "has everything" : "has all that is known";
  return `${counted(copy.behind, "entry", "entries")} behind`;
}

/** Whether it is saved; of everything only where nobody is silent. */
export function durabilityWords({ replicas, whole, needed, waiting, isOver, silent, isSaved }: KnownDurability): string {
  if (isOver) return "Another relay knows a newer document of this name; look with its eyes.";
  const have = `${whole} of ${counted(replicas, "copy", "copies")} ${whole === 1 ? "has" : "have"} everything`;
  const open = waiting > 0 ? `${counted(waiting, "entry is", "entries are")} on the way to a disk.` : `${needed} are needed for “saved”.`;
  if (silent.length === 0) return isSaved ? `${have}. What reached a relay is saved.` : `${have}. ${open}`;
  const unknown = `What ${silent.length === 1 ? "relay" : "relays"} ${joinedWords(silent)} may have is not known.`;
  const known = `As far as the relays that answer know, ${have}`;
  return isSaved ? `${known}, and that is saved. ${unknown}` : `${known}. ${open} ${unknown}`;
}

export function sourceWords({ source }: ReplicaCopy, nowMs: number): string {
  switch (source.type) {
    case "itself":
      return "says so itself";
    case "told":
      return `as relay ${source.by} was told`;
    case "before":
      return `said so ${durationWords(nowMs - source.atMs)} ago`;
    case "nobody":
      return "nobody who answers knows";
  }
}

/** Where stamps of a clock further ahead are not followed any more. */
const followedMs = 500;

/** A clock against another one; `withinMs`: how exactly that could be measured. */
export function offsetWords(ms: number, withinMs = 0): string {
  const size = Math.abs(ms);
  if (size <= Math.max(withinMs, tellingMs)) return "the same";
  const words = `${size < 1_000 ? `${Math.round(size)} ms` : longWords(size)} ${ms > 0 ? "ahead" : "behind"}`;
  return ms > followedMs ? `${words}: its stamps are not followed` : words;
}

/** Less than this between two clocks is how a browser measures. */
const tellingMs = 50;

function longWords(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : durationWords(ms);
}

export function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** The whole in one or two sentences. */
export function summaryWords({ mesh }: MeshSight): string {
  const there = mesh.relays.filter(({ state }) => state !== "left");
  if (mesh.phase === "starting") return `Relay ${mesh.self} is starting.`;
  if (there.length === 1) return `Relay ${mesh.self} is alone: a document is saved when it is on this one disk.`;
  const troubled = there.filter(({ state }) => state !== "alive");
  const saved = `A document has ${counted(mesh.replicas, "copy", "copies")}, and is saved when ${mesh.needed} of them have it on disk.`;
  if (troubled.length === 0) return `All ${there.length} relays are alive. ${saved}`;
  const words = troubled.map((relay) => `relay ${relay.relay} is ${relay.state}`);
  return `${capital(joinedWords(words))}. ${there.length - troubled.length} of ${there.length} are alive. ${saved}`;
}

export function joinedWords(words: readonly string[]): string {
  if (words.length <= 1) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is different from one look to the next, a sentence each. Both through the same eyes. */
export function changeWords(before: MeshReading, after: MeshReading): readonly string[] {
  if (before.self !== after.self) return [`Looking through the eyes of relay ${after.self} now.`];
  const words = after.relays.flatMap((relay) =>
    relayChange(
      before.relays.find((known) => known.relay === relay.relay),
      relay,
    ),
  );
  if (before.ringId !== after.ringId && before.ringId !== "") words.push("The ring has changed.");
  return words;
}

function relayChange(before: SeenRelay | undefined, now: SeenRelay): string[] {
  if (before === undefined) return [`Relay ${now.relay} is new: ${now.state}.`];
  const words: string[] = [];
  if (before.actor !== now.actor && before.actor !== "") words.push(`Relay ${now.relay} was started anew.`);
  if (before.state !== now.state)
    words.push(`Relay ${now.relay} is ${now.state === "alive" && before.state !== "not seen" ? "alive again" : now.state}.`);
  if (before.linked !== now.linked)
    words.push(now.linked ? `The link to relay ${now.relay} is up.` : `The link to relay ${now.relay} is gone.`);
  if (before.place !== now.place) words.push(`Relay ${now.relay} is ${placeWords(now.place)}.`);
  return words;
}
