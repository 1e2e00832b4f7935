// 拖堂: what is said of the last bell while a lesson runs, from shortly before it to the latest end.

import type { LessonSnapshot, UtcMs } from "./protocol";

/** The teacher is told from here on how long is left. */
export const NEAR_BELL_MS = 120_000;
/** Before the latest end the seconds are counted. */
export const LAST_MINUTE_MS = 60_000;

export type LastBell =
  /** Far from the bell, or not live. */
  | { kind: "far" }
  | { kind: "near"; leftMs: number }
  /** `overMin` whole minutes past the bell; it ends by itself at `latestEnd`, which may be now. */
  | { kind: "over"; overMin: number; latestEnd: UtcMs; leftMs: number };

export function lastBell(lesson: Pick<LessonSnapshot, "phase" | "ends_at" | "latest_end">, now: UtcMs | null): LastBell {
  if (now === null || lesson.phase !== "live") return { kind: "far" };
  const leftMs = lesson.ends_at - now;
  if (leftMs > NEAR_BELL_MS) return { kind: "far" };
  if (leftMs > 0) return { kind: "near", leftMs };
  return {
    kind: "over", overMin: Math.floor(Math.abs(leftMs) / 60_000), latestEnd: lesson.latest_end, leftMs: Math.max(0, lesson.latest_end - now),
  };
}
