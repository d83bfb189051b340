/**
 * UpdateIntake: what the two ways of taking updates have in common: the session they belong to.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Line } from "./line.ts";
import type { Participant } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";

/** A session, as its intake sees it. */
export interface IntakeSession {
  readonly context: RelayContext;
  readonly line: Line;
  readonly room: Room;
  readonly author: Participant;
  readonly mayWrite: () => boolean;
  readonly isLive: () => boolean;
  /** Ends the session with a code. */
  readonly refuse: (refusal: Refusal) => void;
}

/** Counts a refusal that the session survives. */
export function reportRefusal({ context, line, room }: IntakeSession, refusal: Refusal): void {
  context.report({ type: "refused", refusal, connection: line.id, room: room.name });
}

/** Whoever brings again and again what cannot be applied is let go. To be called last: the session may be over then. */
export function strike({ context, line }: IntakeSession, { code }: Refusal): void {
  if (code !== "UNAPPLICABLE" || !context.strikes.addIsTooMany(line.id, context.now.monotonicMs)) return;
  line.refuse({ code: "RATE_LIMITED", detail: "edits that could not be applied, one after the other" });
}
