// Dates as `2026-11-23`, with no clock and no zone in them. Days are counted, so nothing depends on where the browser is.

import type { Term, UtcMs } from "../protocol";
import type { Language } from "../times";

/** `2026-11-23`; text of this form sorts by time. */
export type IsoDate = string;

const DAY_MS = 86_400_000;
/** Schools live in China's one zone, which has had no summer time since 1991. */
const ZONE_MS = 8 * 3_600_000;
/** The last week a term may have; as in the server's `WeekSet`. */
export const LAST_WEEK = 30;

/** Days since 1970-01-01; null for what is no date. */
export function dayNumber(date: IsoDate): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (parts === null) return null;
  const day = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) / DAY_MS;
  // The 30th of February is the 2nd of March to Date.UTC.
  return dateOfDay(day) === date ? day : null;
}

function dateOfDay(day: number): IsoDate {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function isDate(text: string): boolean {
  return dayNumber(text) !== null;
}

/** What is no date stays as it is. */
export function addDays(date: IsoDate, days: number): IsoDate {
  const day = dayNumber(date);
  return day === null ? date : dateOfDay(day + days);
}

export function daysBetween(from: IsoDate, to: IsoDate): number {
  return (dayNumber(to) ?? 0) - (dayNumber(from) ?? 0);
}

/** Monday is 1, Sunday 7. The first of January 1970 was a Thursday. */
export function weekdayOf(date: IsoDate): number {
  const day = dayNumber(date) ?? 0;
  return ((day + 3) % 7 + 7) % 7 + 1;
}

export function mondayOf(date: IsoDate): IsoDate {
  return addDays(date, 1 - weekdayOf(date));
}

/** The date at a moment, at school. */
export function dateAt(at: UtcMs): IsoDate {
  return dateOfDay(Math.floor((at + ZONE_MS) / DAY_MS));
}

/** The week of the term in which a date lies, from 1; 0 before the term's first week. */
export function weekOf(term: Term, date: IsoDate): number {
  return Math.max(0, Math.floor(daysBetween(term.week_1, date) / 7) + 1);
}

export function dateIn(term: Term, week: number, weekday: number): IsoDate {
  return addDays(term.week_1, (week - 1) * 7 + weekday - 1);
}

export function lastWeekOf(term: Term): number {
  return Math.min(LAST_WEEK, weekOf(term, term.last_day));
}

export function termOn(terms: Term[], date: IsoDate): Term | null {
  return terms.find((term) => term.first_day <= date && date <= term.last_day) ?? null;
}

/** The term to show on a date: the one under way, else the next, else the last. */
export function termNear(terms: Term[], date: IsoDate): Term | null {
  const inOrder = [...terms].sort((a, b) => a.first_day.localeCompare(b.first_day));
  return inOrder.find((term) => date <= term.last_day) ?? inOrder[inOrder.length - 1] ?? null;
}

/** `11月23日` or `23 Nov` */
export function monthDay(date: IsoDate, language: Language): string {
  const format = { timeZone: "UTC", month: language === "zh" ? "long" : "short", day: "numeric" } as const;
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", format).format((dayNumber(date) ?? 0) * DAY_MS);
}

/** `2026年11月23日` or `23 November 2026` */
export function longDate(date: IsoDate, language: Language): string {
  const format = { timeZone: "UTC", year: "numeric", month: "long", day: "numeric" } as const;
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", format).format((dayNumber(date) ?? 0) * DAY_MS);
}

/** `2026年11月` or `November 2026` */
export function monthName(year: number, month: number, language: Language): string {
  const format = { timeZone: "UTC", year: "numeric", month: "long" } as const;
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", format).format(Date.UTC(year, month - 1, 1));
}
