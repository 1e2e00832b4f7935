import { expect, test } from "vitest";

import type { Bells } from "../protocol";
import { bellRows, bellsOn, clockOf, minutesOf, nextBellRow, readBells, type BellRow } from "./bells";

const rows = (...times: string[]): BellRow[] => times.map((time, index) => {
  const [starts, ends] = time.split("-");
  return { number: index + 1, starts: starts ?? "", ends: ends ?? "" };
});

test("times of the day are read as typed", () => {
  const cases: [string, number | null][] = [
    ["08:00", 480], ["8:05", 485], [" 9：40 ", 580], ["23:59", 1439], ["24:00", null], ["8.30", 510], ["830", 510], ["1605", 965], ["8", null], ["8:5", null], ["", null],
  ];
  for (const [text, minutes] of cases) expect(minutesOf(text), text).toBe(minutes);
  expect([0, 580, 1439, 1450].map(clockOf)).toEqual(["00:00", "09:40", "23:59", "00:10"]);
});

test("each trouble is told by its row", () => {
  const cases: [BellRow[], [number, string][]][] = [
    [rows("08:00-08:40", "08:50-09:30"), []],
    [rows("08:00-", "08:50-09:30"), [[0, "no_time"]]],
    [rows("08:40-08:00", "08:50-09:30"), [[0, "ends_first"]]],
    [rows("08:00-08:40", "08:30-09:10"), [[1, "overlaps"]]],
    [rows("08:00-13:00"), [[0, "too_long"]]],
    [rows("08:00-08:00"), [[0, "ends_first"]]],
    [rows("22:00-22:40", "23:50-00:30"), []],
  ];
  for (const [typed, troubles] of cases) {
    expect(readBells(typed).troubles.map(({ row, kind }) => [row, kind]), JSON.stringify(typed)).toEqual(troubles);
  }
});

test("a period that crosses midnight comes back as it was typed", () => {
  const { periods } = readBells(rows("23:50-00:30"));
  expect(periods).toEqual([{ number: 1, starts_min: 1430, ends_min: 1470 }]);
  expect(bellRows(periods)).toEqual(rows("23:50-00:30"));
});

test("a further period follows the last after a break", () => {
  expect(nextBellRow(rows("08:00-08:40"))).toEqual({ number: 2, starts: "08:50", ends: "09:30" });
  expect(nextBellRow([])).toEqual({ number: 1, starts: "08:00", ends: "08:40" });
  expect(nextBellRow(rows("08:00-"))).toEqual({ number: 2, starts: "", ends: "" });
});

test("a school's own bells go before the county's, and the season decides", () => {
  const bells: Bells[] = [
    { school: null, from: "2026-10-01", periods: [] }, { school: null, from: "2026-05-01", periods: [] },
    { school: "s", from: "2026-11-01", periods: [] },
  ];
  const holding = (school: string | null, date: string): string | undefined => bellsOn(bells, school, date)?.from;
  expect(holding(null, "2026-09-30")).toBe("2026-05-01");
  expect(holding("s", "2026-10-15")).toBe("2026-10-01");
  expect(holding("s", "2026-11-01")).toBe("2026-11-01");
  expect(holding(null, "2026-01-01")).toBeUndefined();
});
