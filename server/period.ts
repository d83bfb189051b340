/**
 * Period: a length of time as an operator says it: 30d, 12h, 90m, or 0.
 */
import * as z from "zod";

const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
const daysMax = 3_650;

/** How far histories go back unless it is said. */
export const historyFirstMs = 30 * unitsMs.d;

/** In milliseconds; one of no length needs no unit. */
export const period = z
  .union([z.literal(0).transform(() => "0"), z.string()])
  .pipe(z.string().regex(/^(?:0|\d{1,7}[dhm])$/))
  .transform((text) => Number.parseInt(text, 10) * (unitsMs[text.at(-1) as keyof typeof unitsMs] ?? 0))
  .pipe(z.number().max(daysMax * unitsMs.d));
