// A term as its months, with numbered weeks, and what is special about a day in the county or at one school.

import type { Change, SpecialDay, Term } from "../protocol";
import { addDays, LAST_WEEK, mondayOf, weekdayOf, weekOf, type IsoDate } from "./dates";

/** One line of a month: the days of the week that lie in it. */
export type MonthWeek = { weekNo: number; days: (IsoDate | null)[] };
export type Month = { year: number; month: number; weeks: MonthWeek[] };

export function monthsOf(term: Term): Month[] {
  const months: Month[] = [];
  const last = addDays(mondayOf(term.last_day), 6);
  for (let monday = mondayOf(term.week_1), count = 0; monday <= last && count < LAST_WEEK; monday = addDays(monday, 7), count += 1) {
    const days = Array.from({ length: 7 }, (_, index) => addDays(monday, index));
    for (const name of new Set(days.map((date) => date.slice(0, 7)))) {
      const week: MonthWeek = {
        weekNo: weekOf(term, monday), days: days.map((date) => (date.startsWith(name) ? date : null)),
      };
      const month = months.find((known) => monthKey(known) === name);
      if (month === undefined) months.push({ year: Number(name.slice(0, 4)), month: Number(name.slice(5)), weeks: [week] });
      else month.weeks.push(week);
    }
  }
  return months;
}

function monthKey({ year, month }: Month): string {
  return `${year}-${String(month).padStart(2, "0")}`;
}

/** What holds on a date: a school's own word goes before the county's. */
export function specialOn(days: SpecialDay[], school: string | null, date: IsoDate): SpecialDay | null {
  const said = (by: string | null): SpecialDay | undefined => days.find((day) => day.school === by && day.date === date);
  return (school === null ? undefined : said(school)) ?? said(null) ?? null;
}

/** 单周 or 双周. */
export function parityOf(week: number): "odd" | "even" {
  return week % 2 === 1 ? "odd" : "even";
}

/** What a person decides about a day; `normal` at a school is what the county says. */
export type DayChoice = { kind: "normal" } | { kind: "off"; name: string } | { kind: "follows"; name: string; week: number; weekday: number };

export function choiceOf(special: SpecialDay | null): DayChoice {
  if (special === null) return { kind: "normal" };
  if (special.rule.rule === "off") return { kind: "off", name: special.name };
  return { kind: "follows", name: special.name, week: special.rule.week_no, weekday: special.rule.weekday };
}

/** The change that makes a day so. */
export function changeOfDay(school: string | null, date: IsoDate, choice: DayChoice): Change {
  if (choice.kind === "normal") return { put: [], remove: [{ kind: "special_day", key: [school, date] }] };
  const rule: SpecialDay["rule"] = choice.kind === "off"
    ? { rule: "off" }
    : { rule: "follows", week_no: choice.week, weekday: choice.weekday };
  return { put: [{ kind: "special_day", value: { school, date, name: choice.name.trim(), rule } }], remove: [] };
}

export type TermTrouble = "name" | "week_1" | "first_day" | "last_day" | "too_long" | "overlaps";

/** What the server would refuse of a term, said before it is sent. */
export function termTroubles(term: Term, others: Term[]): TermTrouble[] {
  const found: TermTrouble[] = [];
  if (term.name.trim() === "") found.push("name");
  if (weekdayOf(term.week_1) !== 1 || term.week_1 === "") found.push("week_1");
  if (term.first_day < term.week_1 || term.first_day > addDays(term.week_1, 6)) found.push("first_day");
  if (term.last_day <= term.first_day) found.push("last_day");
  else if (term.last_day > addDays(term.week_1, 7 * LAST_WEEK - 1)) found.push("too_long");
  const overlaps = others.some((other) => other.id !== term.id && other.first_day <= term.last_day && term.first_day <= other.last_day);
  if (overlaps) found.push("overlaps");
  return found;
}

/** An id for a term that is new, from its first day and free among the others. */
export function newTermId(firstDay: IsoDate, others: Term[]): string {
  const taken = new Set(others.map((term) => term.id));
  const base = `term-${firstDay}`;
  let id = base;
  for (let count = 2; taken.has(id); count += 1) id = `${base}-${count}`;
  return id;
}
