/**
 * Answers: what comes back of an effect that asked something, handed to whoever asked (`questions.ts`).
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import type { RelayInput } from "./input.ts";
import type { RelayContext } from "./relay-context.ts";

type Answer = Extract<RelayInput, { readonly seq: number; readonly result: unknown }>;

export function isAnswer(input: RelayInput): input is Answer {
  return "result" in input;
}

export function giveAnswer(context: RelayContext, answer: Answer): void {
  const { seq } = answer;
  switch (answer.type) {
    case "room-loaded":
      return context.loads.answer(seq, answer.result);
    case "room-compacted":
      return context.compactions.answer(seq, answer.result);
    case "record-stored":
      return context.records.answer(seq, answer.result);
    case "copies-dropped":
      return context.drops.answer(seq, answer.result);
    case "engine-result":
      return context.calls.answer(seq, answer.result);
    case "updates-tried":
      return context.trials.answer(seq, answer.result);
    case "rooms-listed":
      return context.lists.answer(seq, answer.result);
    case "coverage-read":
      return context.coverages.answer(seq, answer.result);
    case "piece-drafted":
      return context.pieces.answer(seq, answer.result);
    case "piece-taken":
      return context.takings.answer(seq, answer.result);
    case "gaps-found":
      return context.gaps.answer(seq, answer.result);
    case "blob-kept":
      return context.blobKeeps.answer(seq, answer.result);
    case "blob-read":
      return context.blobReads.answer(seq, answer.result);
    case "blobs-listed":
      return context.blobLists.answer(seq, answer.result);
    case "lacking-blobs-found":
      return context.blobGaps.answer(seq, answer.result);
    case "access-answered":
      return context.accesses.answer(seq, answer.result);
    default:
      return unreachable(answer);
  }
}
