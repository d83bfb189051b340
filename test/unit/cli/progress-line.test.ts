import { expect, test } from "vitest";
import { ProgressLine } from "../../../server/cli/progress-line.ts";

function aLine(isTTY: boolean) {
  let [written, nowMs] = ["", 0];
  const line = new ProgressLine({ isTTY, write: (text) => (written += text) }, () => nowMs);
  return { line, later: (ms: number) => void (nowMs += ms), said: () => written };
}

test("a terminal shows one line that changes, ten times a second at most, and what follows begins a line of its own", () => {
  const { line, later, said } = aLine(true);
  line.tell("1 of 3");
  line.tell("2 of 3");
  later(100);
  line.tell("3 of 3");
  line.end();
  line.end();
  expect(said()).toBe("\r\u001b[K1 of 3\r\u001b[K3 of 3\n");
});

test("a file gets a line every three seconds, and the last one in any case", () => {
  const { line, later, said } = aLine(false);
  for (let second = 0; second < 7; second++) {
    line.tell(`${second} of 7`);
    later(1_000);
  }
  line.tell("7 of 7", true);
  line.end();
  expect(said()).toBe("0 of 7\n3 of 7\n6 of 7\n7 of 7\n");
});
