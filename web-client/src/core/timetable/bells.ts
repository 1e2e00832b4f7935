// Bell schedules as people type them: times of the day in, minutes from midnight out, and what is wrong with which row.

import type { BellPeriod, Bells } from "../protocol";
import type { IsoDate } from "./dates";

const DAY_MIN = 24 * 60;
/** A period that would be longer was mistyped. */
const LONGEST_MIN = 4 * 60;
/** The most periods a day may have; as on the server. */
export const LAST_PERIOD = 20;

/** `09:40`; minutes past midnight begin a new day. */
export function clockOf(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

/** `8:05`, `08：05`, `8.05` and `805`; null for what is no time of the day. */
export function minutesOf(text: string): number | null {
  const parts = /^([01]?\d|2[0-3])[:：.]?([0-5]\d)$/.exec(text.trim());
  return parts === null ? null : Number(parts[1]) * 60 + Number(parts[2]);
}

export type BellRow = { number: number; starts: string; ends: string };
export type BellTrouble = { row: number; kind: "no_time" | "ends_first" | "too_long" | "overlaps" };

export function bellRows(periods: BellPeriod[]): BellRow[] {
  return periods.map(({ number, starts_min, ends_min }) => ({ number, starts: clockOf(starts_min), ends: clockOf(ends_min) }));
}

/** Reads what was typed; `periods` are to be sent only where there is no trouble. */
export function readBells(rows: BellRow[]): { periods: BellPeriod[]; troubles: BellTrouble[] } {
  const troubles: BellTrouble[] = [];
  const periods: BellPeriod[] = [];
  let overMin = 0;
  rows.forEach((typed, row) => {
    const [starts_min, ends] = [minutesOf(typed.starts), minutesOf(typed.ends)];
    if (starts_min === null || ends === null) return void troubles.push({ row, kind: "no_time" });
    // The last period of a day may cross midnight.
    const crosses = ends < starts_min && row === rows.length - 1 && ends + DAY_MIN - starts_min <= LONGEST_MIN;
    const ends_min = crosses ? ends + DAY_MIN : ends;
    if (ends_min <= starts_min) return void troubles.push({ row, kind: "ends_first" });
    if (ends_min - starts_min > LONGEST_MIN) return void troubles.push({ row, kind: "too_long" });
    if (starts_min < overMin) troubles.push({ row, kind: "overlaps" });
    overMin = ends_min;
    periods.push({ number: typed.number, starts_min, ends_min });
  });
  return { periods, troubles };
}

/** A further row after the last one: as long as it, ten minutes later. */
export function nextBellRow(rows: BellRow[]): BellRow {
  const last = rows[rows.length - 1];
  if (last === undefined) return { number: 1, starts: "08:00", ends: "08:40" };
  const [starts, ends] = [minutesOf(last.starts), minutesOf(last.ends)];
  if (starts === null || ends === null || ends <= starts) return { number: last.number + 1, starts: "", ends: "" };
  const from = ends + 10;
  return { number: last.number + 1, starts: clockOf(from), ends: clockOf(from + ends - starts) };
}

/** The schedules of the county (null) or one school, the season that holds first. */
export function seasonsOf(bells: Bells[], school: string | null): Bells[] {
  return bells.filter((one) => one.school === school).sort((a, b) => a.from.localeCompare(b.from));
}

/** The schedule that holds on a date: the school's own, else the county's. */
export function bellsOn(bells: Bells[], school: string | null, date: IsoDate): Bells | null {
  const holding = (of: string | null): Bells | undefined => seasonsOf(bells, of).filter((one) => one.from <= date).pop();
  return (school === null ? undefined : holding(school)) ?? holding(null) ?? null;
}
