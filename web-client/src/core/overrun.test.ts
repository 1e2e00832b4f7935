import { expect, test } from "vitest";

import { lessonWith } from "./fixture";
import { lastBell } from "./overrun";

const lesson = lessonWith();
const bell = lesson.ends_at;

test("the last bell is told from two minutes before it", () => {
  expect(lastBell(lesson, bell - 120_001)).toEqual({ kind: "far" });
  expect(lastBell(lesson, bell - 120_000)).toEqual({ kind: "near", leftMs: 120_000 });
  expect(lastBell(lesson, bell - 1)).toEqual({ kind: "near", leftMs: 1 });
});

test("an overrun is counted in whole minutes up to the latest end", () => {
  expect(lastBell(lesson, bell)).toEqual({ kind: "over", overMin: 0, latestEnd: lesson.latest_end, leftMs: 900_000 });
  expect(lastBell(lesson, bell + 200_000)).toMatchObject({ overMin: 3, leftMs: 700_000 });
  expect(lastBell(lesson, lesson.latest_end + 5000)).toMatchObject({ leftMs: 0 });
});

test("a changed plan changes the latest end", () => {
  const shorter = lessonWith({ latest_end: bell + 60_000 });
  expect(lastBell(shorter, bell + 10_000)).toMatchObject({ latestEnd: bell + 60_000, leftMs: 50_000 });
});

test("nothing is told of a lesson that is not live, or while the time is not known", () => {
  expect(lastBell(lessonWith({ phase: "ended" }), bell + 1).kind).toBe("far");
  expect(lastBell(lesson, null).kind).toBe("far");
});
