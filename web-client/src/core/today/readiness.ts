// Who is ready for a lesson, and what is said of those who are not.

import type { AbsentParty, AbsentReason, LessonReadiness, Readiness, UtcMs } from "../protocol";

export type PointsReady = { ready: number; of: number; absent: AbsentParty[] };

/** The points of one lesson; null while the server does not list it. `points` is how many it has by the timetable. */
export function pointsReady(readiness: Readiness | null, lesson: string, points: number): PointsReady | null {
  const listed = readiness?.lessons.find((each) => each.lesson === lesson);
  if (listed === undefined) return null;
  const absent = listed.absent.filter((party) => !party.is_lead);
  return { ready: Math.max(0, points - absent.length), of: points, absent };
}

/** Lessons with someone missing, the nearest bell first; the others need no words. */
export function lessonsWanting(readiness: Readiness): LessonReadiness[] {
  return readiness.lessons.filter((lesson) => lesson.absent.length > 0).sort((one, other) => one.starts_at - other.starts_at);
}

/** The lead is missed most, then whoever can least help themselves. */
const ORDER: readonly AbsentReason[] = ["never_seen", "offline", "lost", "no_media", "in_other_lesson", "not_joined"];

export function byNeed(absent: readonly AbsentParty[]): AbsentParty[] {
  const rank = (party: AbsentParty): number => (party.is_lead ? -1 : ORDER.indexOf(party.reason));
  return [...absent].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name, "zh-CN"));
}

/** Whether it wants somebody's hand: the others come by themselves. */
export function wantsHelp(reason: AbsentReason): boolean {
  return reason !== "not_joined" && reason !== "in_other_lesson";
}

/** How long ago something was, in the unit people would say it in. */
export type Ago = { unit: "now" | "minutes" | "hours"; count: number };

export function agoOf(at: UtcMs, now: UtcMs): Ago {
  const minutes = Math.floor(Math.max(0, now - at) / 60_000);
  if (minutes < 1) return { unit: "now", count: 0 };
  return minutes < 60 ? { unit: "minutes", count: minutes } : { unit: "hours", count: Math.floor(minutes / 60) };
}
