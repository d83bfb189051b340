import { expect, it } from "vitest";
import { wouldLose } from "../../../client/app/leaving.ts";

const room = {
  phase: "on-this-device",
  synced: true,
  waiting: 1,
  notOnDevice: 1,
  copies: 0,
  replicas: 1,
  needed: 1,
  clock: "",
  setAsideEdits: 0,
} as const;

it.each([
  ["the disk refuses and no relay has it", { device: "failed" }, true],
  ["the disk is only slow", { device: "disk" }, false],
  ["a relay has it", { device: "failed", waiting: 0 }, false],
  ["the document was deleted", { device: "failed", phase: "deleted" }, false],
] as const)("[P7] leaving a document loses what was typed: %s", (_, change, lost) => {
  expect(wouldLose({ ...room, ...change })).toBe(lost);
});
