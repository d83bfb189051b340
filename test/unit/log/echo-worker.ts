/** A thread for tests of `WorkerLine`: it answers, refuses, gives buffers away, says something unasked, and dies. */
import { answerCalls, Moved, sendNotice } from "../../../server/log/worker-line.ts";

const calls = {
  echo: (text: string): string => text,
  fill: (length: number): Moved<Uint8Array> => {
    const bytes = new Uint8Array(length).fill(7);
    return new Moved(bytes, [bytes.buffer]);
  },
  fail: (code: string): never => {
    throw Object.assign(new Error("on purpose"), { code });
  },
  notice: (text: string): void => sendNotice(text),
  hang: (): never => {
    for (;;);
  },
  die: (): void => process.exit(1),
};

export type EchoCalls = typeof calls;

answerCalls(calls);
