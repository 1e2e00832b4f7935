import { expect, test } from "vitest";

import { BELL, summaryWith } from "../fixture";
import type { LessonSummary } from "../protocol";
import { joinsNow, turnOf } from "./joining";

const DOORS = BELL - 600_000;

test("classrooms come in over twenty seconds, and at once when the bell is near or has rung", () => {
  const rows: [boolean, Partial<LessonSummary>, number | null, number | null][] = [
    [false, { phase: "scheduled" }, DOORS - 1, 0],
    [true, { phase: "doors_open" }, DOORS, 0],
    [false, { phase: "doors_open" }, DOORS + 9999, 0.5],
    [true, { phase: "doors_open" }, DOORS + 10_000, 0.5],
    [true, { phase: "doors_open" }, DOORS + 20_000, 0.999_999],
    [true, { phase: "doors_open", doors_open_at: BELL - 50_000 }, BELL - 50_000, 0.999],
    [true, { phase: "doors_open", doors_open_at: BELL - 5000 }, BELL + 1, 0.999],
    [true, { phase: "doors_open" }, null, 0.999],
    [true, { phase: "doors_open" }, DOORS, null],
    [true, { phase: "live" }, DOORS, 0.999],
    [false, { phase: "ended" }, BELL + 9_000_000, null],
    [false, { phase: "doors_open", cancelled: "教师参加教研" }, BELL, null],
  ];
  for (const [expected, change, now, chance] of rows) {
    expect(joinsNow(summaryWith(change), now, chance), JSON.stringify([change, now, chance])).toBe(expected);
  }
});

test("a page leaves an ended lesson for the next one, or for the waiting screen a little later", () => {
  const rows: [string, boolean, number | null, boolean][] = [
    ["join_next", false, null, true], ["stay", false, null, false], ["stay", true, null, true], ["stay", true, 19_999, true],
    ["join_next", true, 20_000, true], ["stay", true, 59_999, false], ["leave", true, 60_000, false],
  ];
  for (const [expected, joined, endedMs, next] of rows) expect(turnOf(joined, endedMs, next)).toBe(expected);
});
