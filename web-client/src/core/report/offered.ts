// 开齐开足: what a teaching point's week lacks against the curriculum plan.

import type { OfferedPoint, OfferedSubject } from "../protocol";

export type Lack =
  | { kind: "whole" }
  /** Not in the timetable at all. */
  | { kind: "not_offered"; periods: number }
  /** In the timetable, and in too few periods. */
  | { kind: "too_few"; periods: number }
  /** Planned well, and not all of it received so far. */
  | { kind: "not_received"; periods: number };

export function lackOf(subject: OfferedSubject): Lack {
  if (subject.planned === 0 && subject.required > 0) return { kind: "not_offered", periods: subject.required };
  if (subject.planned < subject.required) return { kind: "too_few", periods: subject.required - subject.planned };
  if (subject.delivered < subject.required) return { kind: "not_received", periods: subject.required - subject.delivered };
  return { kind: "whole" };
}

/** Points that lack something in the timetable first. */
export function byLack(points: readonly OfferedPoint[]): OfferedPoint[] {
  const rank = (point: OfferedPoint): number => (!point.offered_all ? 0 : !point.offered_enough ? 1 : 2);
  return [...points].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name, "zh-CN") || one.grade.localeCompare(other.grade, "zh-CN"));
}

export function countsOf(points: readonly OfferedPoint[]): { of: number; all: number; enough: number } {
  return {
    of: points.length,
    all: points.filter((point) => point.offered_all).length,
    enough: points.filter((point) => point.offered_all && point.offered_enough).length,
  };
}
