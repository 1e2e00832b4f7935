// How long a class that only listens lets packets wait before they are played. A packet that was lost comes again a round trip
// later or two: while voices are made up for want of them it waits longer, at once as long as it may where much is, and after a calm half minute less long again.

import type { LineReport } from "./protocol";

export type Patience = {
  ms: number;
  /** Reports in a row in which hardly anything was made up. */
  calm: number;
};

/** Several round trips of a rural line: a lost packet comes again within it. */
export const LISTENING: Patience = { ms: 200, calm: 0 };
const MOST_MS = 500;
const STEP_MS = 100;
/** So much made up is heard, and so little is not; of a thousand. Of twice as much, the longest wait is none too long. */
const HEARD_PERMILLE = 10;
const LOUD_PERMILLE = 20;
const CALM_PERMILLE = 2;
/** One comes every five seconds. */
const CALM_REPORTS = 6;

export function nextPatience({ ms, calm }: Patience, { concealed_permille: concealed }: Pick<LineReport, "concealed_permille">): Patience {
  if (concealed === null) return { ms, calm };
  if (concealed >= LOUD_PERMILLE) return { ms: MOST_MS, calm: 0 };
  if (concealed >= HEARD_PERMILLE) return { ms: Math.min(MOST_MS, ms + STEP_MS), calm: 0 };
  if (concealed > CALM_PERMILLE) return { ms, calm: 0 };
  return calm + 1 < CALM_REPORTS ? { ms, calm: calm + 1 } : { ms: Math.max(LISTENING.ms, ms - STEP_MS), calm: 0 };
}
