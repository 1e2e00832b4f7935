// The day as one person or classroom has it: what comes next, what else, and what to say where nothing does.

import type { LessonSummary, SpecialDay, Today, UtcMs } from "../protocol";
import { dateAt } from "../timetable/dates";

/** What a waiting page is about. */
export type Waiting =
  | { kind: "coming"; lesson: LessonSummary }
  /** The lesson of this hour is cancelled. */
  | { kind: "cancelled"; lesson: LessonSummary; reason: string }
  | { kind: "holiday"; day: SpecialDay; next: LessonSummary | null }
  /** All of today's lessons are over. */
  | { kind: "done"; next: LessonSummary | null }
  | { kind: "none"; next: LessonSummary | null };

/**
 * `current` is the lesson the server names, which alone is joined; `today` is what else is known of the day, null until it is.
 * Only a lesson of today is waited for: a countdown over the night would help nobody.
 */
export function waitingOf(current: LessonSummary | null, today: Today | null, now: UtcMs | null): Waiting {
  const dropped = today?.lessons.find((lesson) => lesson.cancelled !== null && isDue(lesson, now));
  const coming = current !== null && current.phase !== "ended" && isToday(current, today, now) ? current : null;
  if (dropped !== undefined && (coming === null || coming.phase === "scheduled")) {
    return { kind: "cancelled", lesson: dropped, reason: dropped.cancelled ?? "" };
  }
  if (coming !== null) {
    return coming.cancelled === null ? { kind: "coming", lesson: coming } : { kind: "cancelled", lesson: coming, reason: coming.cancelled };
  }
  const next = today?.next ?? (current === null || current.phase === "ended" ? null : current);
  if (today?.special?.rule.rule === "off") return { kind: "holiday", day: today.special, next };
  const over = today !== null && today.lessons.length > 0 && today.lessons.every((lesson) => lesson.phase === "ended" || lesson.cancelled !== null);
  return { kind: over ? "done" : "none", next };
}

/** A lesson that was cancelled while people sat in it did not simply end; null where it did. */
export function droppedOf(today: Today | null, lesson: string | null): Extract<Waiting, { kind: "cancelled" }> | null {
  const known = today?.lessons.find((each) => each.id === lesson);
  return known === undefined || known.cancelled === null ? null : { kind: "cancelled", lesson: known, reason: known.cancelled };
}

/** Doors would be open, or the lesson would be on. */
function isDue(lesson: LessonSummary, now: UtcMs | null): boolean {
  return now !== null && now >= lesson.doors_open_at && now < lesson.ends_at;
}

function isToday(lesson: LessonSummary, today: Today | null, now: UtcMs | null): boolean {
  if (lesson.phase !== "scheduled") return true;
  const date = today?.date ?? (now === null ? null : dateAt(now));
  return date === null || dateAt(lesson.starts_at) === date;
}

/** The rest of the day after the lesson a page is about: what is not over, cancelled ones too. */
export function laterToday(today: Today | null, about: string | null, now: UtcMs | null): LessonSummary[] {
  return (today?.lessons ?? []).filter((lesson) =>
    lesson.id !== about && lesson.phase !== "ended" && (now === null || lesson.ends_at > now));
}

/** What a page counts down to. */
export type Countdown =
  | { kind: "unknown" }
  | { kind: "doors"; leftMs: number }
  | { kind: "bell"; leftMs: number }
  | { kind: "rung" };

export function countdownOf(lesson: Pick<LessonSummary, "doors_open_at" | "starts_at" | "phase">, now: UtcMs | null): Countdown {
  if (now === null) return { kind: "unknown" };
  if (now >= lesson.starts_at) return { kind: "rung" };
  if (lesson.phase === "scheduled" && now < lesson.doors_open_at) return { kind: "doors", leftMs: lesson.doors_open_at - now };
  return { kind: "bell", leftMs: lesson.starts_at - now };
}

/** Camera and microphone are asked for when the lesson is near, not the whole morning. */
export const REHEARSAL_MS = 20 * 60_000;

export function isNear(lesson: Pick<LessonSummary, "doors_open_at" | "phase"> | null, now: UtcMs | null): boolean {
  if (lesson === null) return false;
  return lesson.phase !== "scheduled" || (now !== null && lesson.doors_open_at - now <= REHEARSAL_MS);
}
