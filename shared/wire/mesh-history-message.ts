/**
 * MeshHistoryMessage: what relays say to each other about how a document came to be, as values; who says what when:
 * `server/core/gossip/room-histories.ts`.
 *
 *     lacks something ──history-request: what is here──▶ has it          one piece, or what is left of one
 *                     ◀──history-part…──
 *     drops its copy  ──history-offer: what is told here──▶ each replica ──history-covered──▶   once it tells all of that, too
 *
 * They take turns by themselves, whatever their room: nobody who types waits for a history.
 */
import type { Lineage } from "../base/ids.ts";
import type { DotRange } from "../clock/dot-ranges.ts";
import type { VectorClock } from "../clock/vector-clock.ts";

interface OfLineage {
  readonly lineage: Lineage;
}

export type MeshHistoryMessage =
  /** Send the next piece of what a history lacks that begins with `base` and tells `told`; `clock`: what the sender's disk has of the document. */
  | ({
      readonly type: "history-request";
      readonly exchange: number;
      /** Whether what the receiver's history begins with is of use, too. */
      readonly wantsBase: boolean;
      readonly clock: VectorClock;
      readonly base: VectorClock;
      readonly told: readonly DotRange[];
    } & OfLineage)
  /** A slice of a piece; the one with nothing remaining completes it. */
  | ({ readonly type: "history-part"; readonly exchange: number; readonly remaining: number; readonly bytes: Uint8Array } & OfLineage)
  /** Say so once your disk tells all that the sender's does: `told` minute by minute, and `base` and `old` somehow. */
  | ({
      readonly type: "history-offer";
      readonly exchange: number;
      readonly base: VectorClock;
      readonly old: readonly DotRange[];
      readonly told: readonly DotRange[];
    } & OfLineage)
  | ({ readonly type: "history-covered"; readonly exchange: number } & OfLineage);

export function isAboutHistory(message: { readonly type: string }): message is MeshHistoryMessage {
  return message.type.startsWith("history-");
}
