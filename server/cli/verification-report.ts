/**
 * VerificationReport: what came of verifying a relay that runs, per document, in one word each that scripts and people read.
 *
 *     equal       as it was written, and the same at every replica
 *     healed      it differed at a replica; now it does not
 *     restored    it was damaged here, and all that the disk had said it has is there again
 *     lost        it was damaged here, and something of it is nowhere else
 *     different   it still differs at a replica
 *     unanswered  a replica did not answer
 *     refused     this relay could not compare it
 */
import { printable, textTable } from "./text-table.ts";

export type Verdict = "equal" | "healed" | "restored" | "lost" | "different" | "unanswered" | "refused";

export interface VerifiedRoom {
  readonly room: string;
  readonly verdict: Verdict;
  /** Who has the same; of what was restored: from whom it is. */
  readonly with: readonly string[];
  /** Those to whom the verdict is due: who differed, or did not answer. */
  readonly other: readonly string[];
  readonly why?: string;
}

export interface VerificationReport {
  readonly relay: string;
  readonly rooms: readonly VerifiedRoom[];
  /** What was not as it was written. */
  readonly damage: readonly { readonly where: string; readonly what: string; readonly room?: string }[];
}

const sound: ReadonlySet<Verdict> = new Set(["equal"]);
const mended: ReadonlySet<Verdict> = new Set(["healed", "restored"]);

export function exitCodeOf({ rooms, damage }: VerificationReport): 0 | 1 | 3 {
  if (rooms.some(({ verdict }) => !sound.has(verdict) && !mended.has(verdict))) return 3;
  return damage.length === 0 && rooms.every(({ verdict }) => sound.has(verdict)) ? 0 : 1;
}

/** A table of what is not equal, and a sentence on all. `all`: a table of everything. */
export function reportWords({ relay, rooms, damage }: VerificationReport, all: boolean): string {
  const shown = rooms.filter(({ verdict }) => all || !sound.has(verdict));
  const ofNone = damage.filter(({ room }) => room === undefined).map(({ where, what }) => `${where}: ${what}\n`);
  const table = textTable(
    ["document", "verdict", "what"],
    shown.map((room) => [printable(room.room), room.verdict, whatOf(room)]),
  );
  return `${ofNone.join("")}${shown.length === 0 ? "" : table}${sentenceOf(relay, rooms, damage.length)}\n`;
}

function whatOf({ verdict, with: same, other, why }: VerifiedRoom): string {
  switch (verdict) {
    case "equal":
      return same.length === 0 ? "there is no other replica" : `as at ${named(same)}`;
    case "healed":
      return `differed at ${named(other)}`;
    case "restored":
      return same.length === 0 ? "was damaged, and nothing of it was needed" : `was damaged, and is healed from ${named(same)}`;
    case "lost":
      return "is damaged, and nobody has all of it";
    case "different":
      return `still differs at ${named(other)}`;
    case "unanswered":
      return `${named(other)} did not answer`;
    case "refused":
      return why ?? "";
  }
}

function sentenceOf(relay: string, rooms: readonly VerifiedRoom[], damaged: number): string {
  const documents = `${rooms.length} ${rooms.length === 1 ? "document" : "documents"}`;
  if (damaged === 0 && rooms.every(({ verdict }) => sound.has(verdict)))
    return `Relay ${relay}: everything is as it was written and equal (${documents}).`;
  const counts = new Map<Verdict, number>();
  for (const { verdict } of rooms) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return `Relay ${relay}: ${documents}: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ")}.`;
}

function named(relays: readonly string[]): string {
  return relays.length < 2 ? relays.join("") : `${relays.slice(0, -1).join(", ")} and ${relays.at(-1)}`;
}
