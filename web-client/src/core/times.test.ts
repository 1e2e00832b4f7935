import { expect, test } from "vitest";

import { BELL } from "./fixture";
import { clockSeconds, clockTime, dayName, lengthText, lessonTime } from "./times";

test("times are read in China's zone whatever the box is set to", () => {
  expect(clockTime(BELL)).toBe("09:00");
  expect(clockSeconds(BELL + 7000)).toBe("09:00:07");
  expect(dayName(BELL, "zh")).toBe("11月23日 星期一");
});

test("lengths show hours only when there are any", () => {
  expect([-5, 0, 247_900, 3_847_000].map(lengthText)).toEqual(["0:00", "0:00", "4:07", "1:04:07"]);
});

test("a lesson counts down to its bell, then up past it", () => {
  const lesson = { starts_at: BELL, ends_at: BELL + 2_400_000, live_since: null };
  expect(lessonTime(lesson, BELL - 60_000)).toEqual({ kind: "before", toStartMs: 60_000 });
  expect(lessonTime({ ...lesson, live_since: BELL - 30_000 }, BELL - 10_000)).toEqual({
    kind: "running", elapsedMs: 20_000, leftMs: 2_410_000,
  });
  expect(lessonTime(lesson, BELL + 2_460_000)).toEqual({ kind: "overrun", overMs: 60_000 });
});
