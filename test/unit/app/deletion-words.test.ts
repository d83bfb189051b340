import { expect, it } from "vitest";
import { deletionWords } from "../../../client/app/deletion-words.ts";

it.each([
  [{ by: "", atMs: 0 }, ""],
  [{ by: "Ada", atMs: 0 }, " by Ada"],
  [{ by: "Ada", atMs: new Date(2026, 10, 3, 16, 30).getTime() }, " by Ada on Nov 3, 2026, 4:30 PM"],
  // A relay tells what somebody told it: it may not turn the sentence around.
  [{ by: "\u202eadA\u2066 ", atMs: 0 }, " by adA"],
  [{ by: "\u2067", atMs: 0 }, ""],
  [{ by: "x".repeat(500), atMs: 0 }, ` by ${"x".repeat(40)}`],
])("[P9] %o is told as %j", (deletion, words) => expect(deletionWords(deletion).replaceAll("\u202f", " ")).toBe(words));
