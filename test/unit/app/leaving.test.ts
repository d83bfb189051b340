import { expect, it } from "vitest";
import { wouldLose } from "../../../client/app/leaving.ts";

const room = {
  phase: "on-this-device",
  synced: true,
  waiting: 1,
  waitingBlobs: 0,
  blobsNotOnDevice: 0,
  notOnDevice: 1,
  copies: 0,
  replicas: 1,
  needed: 1,
  clock: "",
  setAsideEdits: 0,
} as const;

it.each([
  ["the disk refuses and no relay has it", { device: "failed" }, true],
  ["the disk has not answered yet", { device: "disk" }, true],
  ["the disk has it", { device: "disk", notOnDevice: 0 }, false],
  ["a relay has it", { device: "failed", waiting: 0 }, false],
  ["an image is in memory only, and no relay has it", { device: "disk", waiting: 0, waitingBlobs: 1 }, true],
  ["nothing is ever on disk here", { device: "memory" }, false],
  ["the document was deleted", { device: "failed", phase: "deleted" }, false],
] as const)("[P7] closing a document may lose what was typed: %s", (_, change, lost) => {
  expect(wouldLose({ ...room, ...change })).toBe(lost);
});
