import { expect, test } from "vitest";

import type { SpecialDay, WeekLesson, WeekView } from "../protocol";
import { addDays } from "./dates";
import { conflictsByLesson, firstShownDay, layWeek, stepInGrid, type GridPlace } from "./week-grid";

const MONDAY = "2026-11-23";

function lesson(id: string, day: number, period: number): WeekLesson {
  return {
    id, course: "c", title: id, subject: "音乐", grade: "三年级", class_group: "三（1）班", kind: "dedicated_lesson", hub_school: "a",
    hub_school_name: "实验小学", teacher: "w", teacher_name: "王老师", master_room: null, master_room_name: "", points: [],
    date: addDays(MONDAY, day), period, starts_at: 0, ends_at: 1, phase: "scheduled", cancelled: null, moved: false,
    substituted: false, weekly: true,
  };
}

function week(lessons: WeekLesson[], change: Partial<WeekView> = {}): WeekView {
  return {
    term: null, week_no: 13, lessons, conflicts: [], version: 1, server_time: 0,
    days: Array.from({ length: 7 }, (_, day) => ({ date: addDays(MONDAY, day), weekday: day + 1, special: null })),
    periods: [1, 2, 3].map((number) => ({ number, starts_min: 480 + number * 50, ends_min: 520 + number * 50 })), ...change,
  };
}

test("lessons stand by day and period, several in one cell, those without a bell below", () => {
  const grid = layWeek(week([lesson("a", 0, 2), lesson("b", 0, 2), lesson("c", 4, 1), lesson("d", 2, 0)]), "2026-11-25");
  expect(grid.cells[1]?.[0]?.lessons.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(grid.cells[0]?.[4]?.lessons.map(({ id }) => id)).toEqual(["c"]);
  expect(grid.loose.map(({ id }) => id)).toEqual(["d"]);
  expect(grid.rows[0]).toEqual({ period: 1, starts: "08:50", ends: "09:30" });
  expect(grid.days.map((day) => day.isToday)).toEqual([false, false, true, false, false, false, false]);
});

test("a period that the bells lack has a row of its own", () => {
  const grid = layWeek(week([lesson("a", 0, 9)]), MONDAY);
  expect(grid.rows.map((row) => row.period)).toEqual([1, 2, 3, 9]);
  expect(grid.rows[3]).toEqual({ period: 9, starts: null, ends: null });
});

test("a weekend without lessons is narrow unless it is a makeup day", () => {
  const special: SpecialDay[] = [
    { school: null, date: "2026-11-28", name: "补班", rule: { rule: "follows", week_no: 5, weekday: 1 } },
    { school: null, date: MONDAY, name: "放假", rule: { rule: "off" } },
  ];
  const days = week([]).days.map((day) => ({ ...day, special: special.find((one) => one.date === day.date) ?? null }));
  const grid = layWeek(week([lesson("a", 0, 1)], { days }), MONDAY);
  expect(grid.days.map((day) => day.isNarrow)).toEqual([false, false, false, false, false, false, true]);
  expect(grid.days.map((day) => day.isOff)).toEqual([true, false, false, false, false, false, false]);
});

test("arrows walk through the lessons of a cell and on to the next", () => {
  const grid = layWeek(week([lesson("a", 0, 1), lesson("b", 0, 1)]), MONDAY);
  const rows: [GridPlace, string, GridPlace | null][] = [
    [{ row: 0, day: 0, item: 0 }, "ArrowDown", { row: 0, day: 0, item: 1 }],
    [{ row: 0, day: 0, item: 2 }, "ArrowDown", { row: 1, day: 0, item: 0 }],
    [{ row: 1, day: 0, item: 0 }, "ArrowUp", { row: 0, day: 0, item: 2 }],
    [{ row: 0, day: 0, item: 0 }, "ArrowUp", { row: 0, day: 0, item: 0 }],
    [{ row: 2, day: 0, item: 0 }, "ArrowDown", { row: 2, day: 0, item: 0 }],
    [{ row: 0, day: 0, item: 1 }, "ArrowRight", { row: 0, day: 1, item: 0 }],
    [{ row: 0, day: 0, item: 0 }, "ArrowLeft", { row: 0, day: 0, item: 0 }],
    [{ row: 0, day: 6, item: 0 }, "ArrowRight", { row: 0, day: 6, item: 0 }],
    [{ row: 0, day: 3, item: 0 }, "Home", { row: 0, day: 0, item: 0 }],
    [{ row: 0, day: 3, item: 0 }, "End", { row: 0, day: 6, item: 0 }],
    [{ row: 0, day: 0, item: 0 }, "a", null],
  ];
  for (const [from, key, to] of rows) expect(stepInGrid(grid, from, key), `${key} ${JSON.stringify(from)}`).toEqual(to);
});

test("a phone opens on today, else on the first day with a lesson", () => {
  const view = week([lesson("a", 3, 1)]);
  expect(firstShownDay(layWeek(view, "2026-11-24"))).toBe(1);
  expect(firstShownDay(layWeek(view, "2026-12-24"))).toBe(3);
  expect(firstShownDay(layWeek(week([]), "2026-12-24"))).toBe(0);
});

test("a conflict of two lessons marks both", () => {
  const found = conflictsByLesson([
    { kind: "teacher_busy", lesson: "a", other: "b", whom: "王老师", at: { date: MONDAY, period: 1 } },
    { kind: "day_off", lesson: "a", other: null, whom: "实验小学", at: { date: MONDAY, period: 1 } },
  ]);
  expect([found.get("a")?.length, found.get("b")?.length, found.get("c")]).toEqual([2, 1, undefined]);
});
