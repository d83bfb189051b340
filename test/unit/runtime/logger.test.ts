import { expect, test } from "vitest";
import { prettyLine } from "../../../server/runtime/logger.ts";

const same = (text: string | number | null | undefined): string => String(text);
const plain = { dim: same, yellow: same, red: same };

test("a pretty line has time, relay, level, message and fields, without process number and host", () => {
  const json = JSON.stringify({ level: 40, time: 3_723_004, pid: 1, hostname: "h", relay: "a", msg: "slow", code: "X", count: 2 });
  expect(prettyLine(json, plain)).toBe("01:02:03.004 a warn slow code=X count=2\n");
});

test("an error comes with its stack", () => {
  const json = JSON.stringify({ level: 60, time: 0, relay: "a", msg: "ends", err: { message: "m", stack: "Error: m\n    at x" } });
  expect(prettyLine(json, plain)).toBe("00:00:00.000 a fatal ends\n  Error: m\n    at x\n");
});
