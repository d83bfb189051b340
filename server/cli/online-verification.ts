/**
 * OnlineVerification: has a relay that runs look at its whole disk, set aside what is damaged, and compare each document with its other
 * replicas; and says what came of it.
 *
 *     look, page by page ──nothing is damaged──────────────────────────────▶ compare, some at a time ─▶ verdicts
 *             └─ set aside: the relay ends, as for damage that it meets itself ─▶ its next life is there, and linked ──┘
 *
 * All that is remembered is here: a relay that ends in between, for whatever reason, is waited for, and asked again for what it did not
 * answer. Beginning anew does no harm and finds what is left.
 *
 * Whether what was damaged is there again shows in the clock that the disk had named before: what the room has afterwards covers it.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ActorId } from "@inkmesh/shared/base/ids";
import { viewOf } from "./mesh-order.ts";
import type { ProgressLine } from "./progress-line.ts";
import type { VerificationReport, VerifiedRoom } from "./verification-report.ts";
import { VerifyingRelay } from "./verifying-relay.ts";

/** Documents that are compared with one question, and those of which what is damaged is set aside in one life of the relay. */
const comparedAtOnce = 32;
const setAsideAtOnce = 10_000;

type Clock = Readonly<Record<string, number>>;

interface LookedRoom {
  readonly room: string;
  readonly generation?: number;
  readonly clock?: Clock;
}

interface LookPage {
  readonly rooms: readonly LookedRoom[];
  readonly flaws: VerificationReport["damage"];
  readonly total?: number;
  readonly next?: string;
}

type ComparedRoom =
  | { readonly room: string; readonly refused: { readonly code: string; readonly detail: string } }
  | {
      readonly room: string;
      readonly refused?: undefined;
      readonly generation: number;
      readonly isDeleted: boolean;
      readonly clock: Clock;
      readonly copies: readonly { readonly relay: string; readonly standing: "equal" | "healed" | "different" | "silent" }[];
    };

/** What was found of the disk before anybody changed it. */
interface Looked {
  readonly rooms: readonly LookedRoom[];
  readonly damage: VerificationReport["damage"];
}

export async function onlineVerification(at: string, secret: Uint8Array, line: ProgressLine): Promise<VerificationReport> {
  const relay = new VerifyingRelay(at, secret, await viewOf(at));
  const looked = await look(relay, line);
  if (looked.damage.length > 0) await setAside(relay, looked, line);
  const compared = await compare(relay, looked.rooms, line);
  const damaged = new Set(looked.damage.map(({ room }) => room));
  // Of what belongs to no document nobody knows what it took with it, but where the disk had named what there is.
  const isDamaged = ({ room, clock }: LookedRoom): boolean => damaged.has(room) || (clock === undefined && damaged.has(undefined));
  const rooms = looked.rooms.map((room) => verdictOf(room, compared.get(room.room), isDamaged(room)));
  return { relay: relay.name, rooms, damage: looked.damage };
}

async function look(relay: VerifyingRelay, line: ProgressLine): Promise<Looked> {
  const rooms: LookedRoom[] = [];
  const damage: VerificationReport["damage"][number][] = [];
  for (let after: string | undefined, total = 0; ;) {
    const page: LookPage = await relay.order("look", after === undefined ? {} : { after });
    rooms.push(...page.rooms);
    damage.push(...page.flaws);
    total = page.total ?? total;
    line.tell(`${rooms.length} of ${total} documents checked`);
    after = page.next;
    if (after === undefined) return { rooms, damage };
  }
}

async function setAside(relay: VerifyingRelay, { damage }: Looked, line: ProgressLine): Promise<void> {
  const rooms = [...new Set(damage.flatMap(({ room }) => (room === undefined ? [] : [room])))];
  line.tell(`${damage.length} damaged rows are set aside; the relay begins anew …`, true);
  // Once also where all that is damaged belongs to no document.
  for (let start = 0; start === 0 || start < rooms.length; start += setAsideAtOnce) {
    // The relay may end before its answer comes through: its next life is asked again, and what was damaged may be written over by then.
    const before = relay.actor;
    const answer = await relay.order<{ setAside: number }>("set-aside", { rooms: rooms.slice(start, start + setAsideAtOnce) });
    if (answer.setAside > 0) await relay.nextLife(relay.actor);
    else if (relay.actor !== before) await relay.linked();
  }
}

async function compare(
  relay: VerifyingRelay,
  rooms: readonly LookedRoom[],
  line: ProgressLine,
): Promise<ReadonlyMap<string, ComparedRoom>> {
  const compared = new Map<string, ComparedRoom>();
  const inGroups = async (names: readonly string[]): Promise<void> => {
    for (let start = 0; start < names.length; start += comparedAtOnce) {
      const answer = await relay.order<{ rooms: readonly ComparedRoom[] }>("compare", {
        rooms: names.slice(start, start + comparedAtOnce),
      });
      for (const room of answer.rooms) compared.set(room.room, room);
      line.tell(`${compared.size} of ${rooms.length} documents compared`);
    }
  };
  await inGroups(rooms.map(({ room }) => room));
  // Much to copy, or a relay that was just away: once more, as nothing else waits.
  const open = [...compared.values()].filter(
    (room) => room.refused !== undefined || room.copies.some(({ standing }) => standing === "different"),
  );
  await inGroups(open.map(({ room }) => room));
  return compared;
}

export function verdictOf(before: LookedRoom, after: ComparedRoom | undefined, isDamaged: boolean): VerifiedRoom {
  const { room } = before;
  if (after === undefined || after.refused !== undefined)
    return {
      room,
      verdict: "refused",
      with: [],
      other: [],
      why: after === undefined ? "" : `${after.refused.code} ${after.refused.detail}`.trim(),
    };
  const of = (...standings: readonly string[]): readonly string[] =>
    after.copies.filter(({ standing }) => standings.includes(standing)).map(({ relay }) => relay);
  const same = of("equal", "healed");
  if (of("different").length > 0) return { room, verdict: "different", with: same, other: of("different") };
  // Also where nothing was found damaged: what is gone has no checksum that could be wrong.
  const isWhole = isDamaged || before.clock !== undefined ? isThere(before, after, same.length > 0) : true;
  if (!isWhole && of("silent").length === 0) return { room, verdict: "lost", with: same, other: [] };
  if (of("silent").length > 0) return { room, verdict: "unanswered", with: same, other: of("silent") };
  if (isDamaged) return { room, verdict: "restored", with: same, other: [] };
  return { room, verdict: of("healed").length > 0 ? "healed" : "equal", with: same, other: of("healed") };
}

/** Whether all that the disk had named is there; where that is not known either, whether somebody else has the room. */
function isThere(before: LookedRoom, after: Exclude<ComparedRoom, { refused: object }>, hasOther: boolean): boolean {
  if (before.clock === undefined) return hasOther;
  // Deleted meanwhile: nothing of it is to be there.
  if (after.isDeleted || (before.generation !== undefined && after.generation !== before.generation)) return true;
  return clockOf(after.clock).covers(clockOf(before.clock));
}

function clockOf(clock: Clock): VectorClock {
  return VectorClock.of(Object.entries(clock) as [ActorId, number][]);
}
