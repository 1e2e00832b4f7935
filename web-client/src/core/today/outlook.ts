// Will today work? One answer from what the server tells of the county's day.

import type { Alarm, CountyToday, Readiness } from "../protocol";

export type Outlook =
  /** No school, and nothing planned. */
  | { kind: "free" }
  | { kind: "good" }
  /** The day goes on, and `matters` things want somebody's eye. */
  | { kind: "matters"; matters: number }
  /** Lessons do not start by themselves, or what happens in them is not kept. */
  | { kind: "grave"; matters: number };

export function outlookOf(today: CountyToday, readiness: Readiness | null): Outlook {
  const missing = readiness?.lessons.filter((lesson) => lesson.absent.length > 0).length ?? 0;
  const matters = today.alarms.length + Math.sign(today.conflicts) + Math.sign(today.missed) + Math.sign(today.unseen.length) + Math.sign(missing);
  if (today.alarms.some(isGrave)) return { kind: "grave", matters };
  if (matters > 0) return { kind: "matters", matters };
  return today.planned === 0 ? { kind: "free" } : { kind: "good" };
}

export function isGrave(alarm: Alarm): boolean {
  switch (alarm.alarm) {
    case "clock_departed":
    case "notes_lost":
    case "disk_low":
      return true;
    case "database_behind":
      return false;
  }
}

/** The clock first: while it is not confirmed nothing starts by itself. */
const ORDER: readonly Alarm["alarm"][] = ["clock_departed", "disk_low", "notes_lost", "database_behind"];

export function byGravity(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((one, other) => ORDER.indexOf(one.alarm) - ORDER.indexOf(other.alarm));
}

/** Gigabytes with one digit behind the point, as file managers count them. */
export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
