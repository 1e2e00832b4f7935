// A week as a table: weekdays across, periods down, several lessons in a cell, and what keeps no bell below.

import type { Conflict, DayView, WeekLesson, WeekView } from "../protocol";
import { clockOf } from "./bells";
import type { IsoDate } from "./dates";

export type GridRow = { period: number; starts: string | null; ends: string | null };
export type GridDay = {
  view: DayView;
  isToday: boolean;
  isOff: boolean;
  /** A weekend day with nothing on it takes little room. */
  isNarrow: boolean;
};
export type GridCell = { date: IsoDate; period: number; lessons: WeekLesson[] };
export type WeekGrid = {
  rows: GridRow[];
  days: GridDay[];
  /** By row, then by day. */
  cells: GridCell[][];
  /** Lessons that keep no bell. */
  loose: WeekLesson[];
};

export function layWeek(view: WeekView, today: IsoDate): WeekGrid {
  const rows = rowsOf(view);
  const days = view.days.map((day): GridDay => {
    const isOff = day.special?.rule.rule === "off";
    const isEmpty = !view.lessons.some((lesson) => lesson.date === day.date);
    return { view: day, isToday: day.date === today, isOff, isNarrow: day.weekday > 5 && isEmpty && day.special?.rule.rule !== "follows" };
  });
  const at = (date: IsoDate, period: number): WeekLesson[] =>
    view.lessons.filter((lesson) => lesson.date === date && lesson.period === period);
  const cells = rows.map((row) =>
    view.days.map((day): GridCell => ({ date: day.date, period: row.period, lessons: at(day.date, row.period) })));
  return { rows, days, cells, loose: view.lessons.filter((lesson) => lesson.period === 0) };
}

/** The bells, and a row for each further period in which something is held. */
function rowsOf(view: WeekView): GridRow[] {
  const rows = view.periods.map((bell): GridRow => ({
    period: bell.number, starts: clockOf(bell.starts_min), ends: clockOf(bell.ends_min),
  }));
  const known = new Set([0, ...rows.map((row) => row.period)]);
  const further = new Set(view.lessons.map((lesson) => lesson.period).filter((period) => !known.has(period)));
  const all = [...rows, ...[...further].map((period): GridRow => ({ period, starts: null, ends: null }))];
  return all.sort((a, b) => a.period - b.period);
}

/** Conflicts by lesson; one that takes two lessons counts for both. */
export function conflictsByLesson(conflicts: Conflict[]): Map<string, Conflict[]> {
  const found = new Map<string, Conflict[]>();
  const add = (lesson: string, conflict: Conflict): void => {
    found.set(lesson, [...(found.get(lesson) ?? []), conflict]);
  };
  for (const conflict of conflicts) {
    add(conflict.lesson, conflict);
    if (conflict.other !== null) add(conflict.other, conflict);
  }
  return found;
}

/** A button of the table: the lessons of a cell, then the one that adds a lesson. */
export type GridPlace = { row: number; day: number; item: number };

/** Where an arrow leads; null for other keys. Up and down first go through the buttons of a cell. */
export function stepInGrid(grid: WeekGrid, at: GridPlace, key: string): GridPlace | null {
  const last = (row: number, day: number): number => grid.cells[row]?.[day]?.lessons.length ?? 0;
  const { row, day, item } = at;
  const within = (next: number, count: number): number => Math.max(0, Math.min(count - 1, next));
  switch (key) {
    case "ArrowDown":
      if (item < last(row, day)) return { row, day, item: item + 1 };
      return row + 1 < grid.rows.length ? { row: row + 1, day, item: 0 } : at;
    case "ArrowUp":
      if (item > 0) return { row, day, item: item - 1 };
      return row > 0 ? { row: row - 1, day, item: last(row - 1, day) } : at;
    case "ArrowRight":
      return { row, day: within(day + 1, grid.days.length), item: 0 };
    case "ArrowLeft":
      return { row, day: within(day - 1, grid.days.length), item: 0 };
    case "Home":
      return { row, day: 0, item: 0 };
    case "End":
      return { row, day: within(grid.days.length - 1, grid.days.length), item: 0 };
    default:
      return null;
  }
}

/** The day a phone shows first: today, else the first with a lesson, else Monday. */
export function firstShownDay(grid: WeekGrid): number {
  const today = grid.days.findIndex((day) => day.isToday);
  if (today >= 0) return today;
  const busy = grid.days.findIndex((_, day) => grid.cells.some((row) => (row[day]?.lessons.length ?? 0) > 0));
  return Math.max(0, busy);
}
