import { expect, test } from "vitest";

import type { Term } from "../protocol";
import {
  addDays, dateAt, dateIn, daysBetween, isDate, lastWeekOf, longDate, mondayOf, monthDay, monthName, termNear, termOn, weekdayOf, weekOf,
} from "./dates";

const TERM: Term = { id: "t", name: "第一学期", week_1: "2026-08-31", first_day: "2026-09-01", last_day: "2027-01-22" };
const NEXT: Term = { id: "u", name: "第二学期", week_1: "2027-02-22", first_day: "2027-02-22", last_day: "2027-07-02" };

test("only days that exist are dates", () => {
  const rows: [string, boolean][] = [
    ["2026-11-23", true], ["2028-02-29", true], ["2026-02-29", false], ["2026-13-01", false], ["2026-1-1", false], ["", false],
  ];
  for (const [text, is] of rows) expect(isDate(text), text).toBe(is);
});

test("days are added across months, years and summer times", () => {
  expect([addDays("2026-12-31", 1), addDays("2026-03-01", -1), addDays("2026-03-28", 2), addDays("x", 1)])
    .toEqual(["2027-01-01", "2026-02-28", "2026-03-30", "x"]);
  expect(daysBetween("2026-08-31", "2027-01-22")).toBe(144);
});

test("weeks begin on Monday", () => {
  expect(["2026-11-23", "2026-11-29", "1970-01-01", "1969-12-29"].map(weekdayOf)).toEqual([1, 7, 4, 1]);
  expect(["2026-11-23", "2026-11-29", "2027-01-01"].map(mondayOf)).toEqual(["2026-11-23", "2026-11-23", "2026-12-28"]);
});

test("a moment late in the evening is still that day at school, and the next one from midnight on", () => {
  expect(dateAt(Date.UTC(2026, 10, 22, 15, 59, 59, 999))).toBe("2026-11-22");
  expect(dateAt(Date.UTC(2026, 10, 22, 16))).toBe("2026-11-23");
});

test("weeks of a term are counted from the Monday of its first", () => {
  expect(["2026-08-30", "2026-08-31", "2026-09-06", "2026-09-07", "2026-11-23"].map((date) => weekOf(TERM, date)))
    .toEqual([0, 1, 1, 2, 13]);
  expect(dateIn(TERM, 13, 1)).toBe("2026-11-23");
  expect(lastWeekOf(TERM)).toBe(21);
});

test("outside every term the next one is shown, and after the last the last", () => {
  expect(termOn([TERM, NEXT], "2027-02-01")).toBeNull();
  const shown = ["2026-07-01", "2026-11-23", "2027-02-01", "2028-01-01"].map((date) => termNear([NEXT, TERM], date)?.id);
  expect(shown).toEqual(["t", "t", "u", "u"]);
  expect(termNear([], "2026-11-23")).toBeNull();
});

test("dates are named as people write them", () => {
  expect([monthDay("2026-11-03", "zh"), monthDay("2026-11-03", "en")]).toEqual(["11月3日", "3 Nov"]);
  expect([longDate("2026-11-03", "zh"), longDate("2026-11-03", "en")]).toEqual(["2026年11月3日", "3 November 2026"]);
  expect([monthName(2026, 9, "zh"), monthName(2026, 9, "en")]).toEqual(["2026年9月", "September 2026"]);
});
