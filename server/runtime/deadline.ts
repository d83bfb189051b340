/**
 * Waiting with an end: what must not take for ever gets a moment by which it is given up.
 */
import type { Clock } from "./system-clock.ts";

/** Whether `work` was done before `deadlineMs` of the monotonic clock. Late work goes on, unwatched. */
export async function within(clock: Clock, deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(deadlineMs - clock.now().monotonicMs, 0));
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
