// When a page that waits joins a lesson whose doors are open. A county's classrooms wait for the same bell: they come in over
// twenty seconds instead of in one, and nobody is late for the bell because of it.

import type { LessonSummary, UtcMs } from "../protocol";

/** The classrooms of a county come in over this long. */
export const SPREAD_MS = 20_000;
/** From here on nobody waits any more. */
export const BELL_NEAR_MS = 60_000;

/** `chance` is in [0, 1), drawn once for each lesson; null for a page that does not wait for its turn. */
export function joinsNow(
  lesson: Pick<LessonSummary, "phase" | "cancelled" | "doors_open_at" | "starts_at">,
  now: UtcMs | null,
  chance: number | null,
): boolean {
  if (lesson.cancelled !== null) return false;
  if (lesson.phase === "live") return true;
  if (lesson.phase !== "doors_open") return false;
  if (chance === null || now === null || lesson.starts_at - now < BELL_NEAR_MS) return true;
  return now >= lesson.doors_open_at + chance * SPREAD_MS;
}

/** How long the page of an ended lesson stays before one whose doors are open may take its place. */
export const FAREWELL_MS = 20_000;
/** How long it stays before the page goes back to waiting for a later one. */
export const LINGER_MS = 60_000;

/** What a page does about its lesson: `endedMs` is how long ago that ended, null while it has not. */
export function turnOf(joined: boolean, endedMs: number | null, nextJoins: boolean): "join_next" | "leave" | "stay" {
  if (!joined) return nextJoins ? "join_next" : "stay";
  if (endedMs === null) return "stay";
  if (nextJoins) return endedMs >= FAREWELL_MS ? "join_next" : "stay";
  return endedMs >= LINGER_MS ? "leave" : "stay";
}
