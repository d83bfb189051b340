import { describe, expect, test } from "vitest";
import { readOptions } from "../../sim/sim-options.ts";

const options = (...args: string[]) => {
  const answer = readOptions(args);
  if (!answer.ok) throw new Error(answer.sentence);
  return answer.options;
};

describe("what the simulator is told on the command line", () => {
  test("one history, with some of its faults", () => {
    expect(options("--seed", "42", "--faults", "3,17", "--trace")).toMatchObject({ seed: 42, faults: [3, 17], trace: true });
    expect(options("--seed", "42").faults).toBeUndefined();
    expect(options("--seed", "42", "--faults", "").faults).toEqual([]);
    expect([options("--seed", "42").mesh, options("--seed", "42", "--mesh").mesh]).toEqual([false, true]);
  });

  test("how long", () => {
    expect(options("--hours", "8").seconds).toBe(28_800);
    expect(options("--minutes", "0.5").seconds).toBe(30);
    expect(options().seconds).toBeUndefined();
  });

  test.each([
    [["--seed", "4.5"], /--seed must be a whole number, not "4.5"/],
    [["--faults", "1,x"], /--faults must be a whole number, not "x"/],
    [["--hours", "-1"], /hours/],
    [["--hours", "soon"], /--hours must be a number above 0, e.g. 8, not "soon"/],
    [["--mutant", "none"], /--mutant must be one of .*, not "none"/],
    [["--sede", "1"], /Unknown option '--sede'/],
  ])("what cannot be meant is answered by a sentence: %s", (args, sentence) => {
    expect(readOptions(args)).toMatchObject({ ok: false, sentence: expect.stringMatching(sentence) as string });
  });
});
