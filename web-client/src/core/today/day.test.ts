import { expect, test } from "vitest";

import { BELL, summaryWith } from "../fixture";
import type { LessonSummary, SpecialDay, Today } from "../protocol";
import { countdownOf, droppedOf, isNear, laterToday, waitingOf } from "./day";

const HOUR = 3_600_000;
const first = summaryWith({ id: "first" });
const second = summaryWith({ id: "second", starts_at: BELL + HOUR });
const tomorrow = summaryWith({ id: "tomorrow", starts_at: BELL + 24 * HOUR });
const holiday: SpecialDay = { school: null, date: "2026-11-23", name: "运动会", rule: { rule: "off" } };

function day(lessons: LessonSummary[], change: Partial<Today> = {}): Today {
  return { server_time: BELL, date: "2026-11-23", week_no: 12, special: null, lessons, next: null, ...change };
}

test("what a waiting page is about follows the server's lesson and the day", () => {
  const off = { ...first, cancelled: "教师参加教研" };
  const over = { ...first, phase: "ended" as const };
  const rows: [string, LessonSummary | null, Today | null, number | null][] = [
    ["coming first", first, null, null],
    ["coming first", first, day([first, second]), BELL - HOUR],
    ["coming second", second, day([off, second]), BELL - HOUR],
    ["cancelled first", second, day([off, second]), BELL - 60_000],
    ["cancelled first", null, day([off]), BELL + 60_000],
    ["cancelled first", off, null, BELL],
    ["coming second", { ...second, phase: "doors_open" }, day([off, second]), BELL + 1_800_000],
    ["coming second", second, day([off, second]), BELL + 2_400_000],
    ["holiday tomorrow", tomorrow, day([], { special: holiday }), BELL],
    ["holiday tomorrow", null, day([], { special: holiday, next: tomorrow }), BELL],
    ["done tomorrow", tomorrow, day([over]), BELL + HOUR],
    ["done -", over, day([over]), BELL + HOUR],
    ["none tomorrow", tomorrow, day([]), BELL],
    ["none -", null, day([]), BELL],
    ["none -", null, null, null],
  ];
  for (const [expected, current, today, now] of rows) {
    const waiting = waitingOf(current, today, now);
    const named = "lesson" in waiting ? waiting.lesson.id : (waiting.next?.id ?? "-");
    expect(`${waiting.kind} ${named}`, expected).toBe(expected);
  }
});

test("a lesson that was cancelled while people sat in it is told from one that ended", () => {
  const today = day([{ ...first, phase: "ended", cancelled: "停电" }, { ...second, phase: "ended" }]);
  expect(droppedOf(today, "first")).toMatchObject({ kind: "cancelled", reason: "停电" });
  expect([droppedOf(today, "second"), droppedOf(today, null), droppedOf(null, "first")]).toEqual([null, null, null]);
});

test("a swapped day with lessons is no holiday", () => {
  const swapped: SpecialDay = { ...holiday, rule: { rule: "follows", week_no: 12, weekday: 1 } };
  expect(waitingOf(null, day([], { special: swapped }), BELL).kind).toBe("none");
});

test("the rest of the day leaves out what is over and what the page is about", () => {
  const lessons = [{ ...first, phase: "ended" as const }, { ...first, id: "missed" }, second, { ...second, id: "off", cancelled: "停电" }];
  expect(laterToday(day(lessons), "second", BELL + 3_000_000).map((lesson) => lesson.id)).toEqual(["off"]);
  expect(laterToday(null, null, BELL)).toEqual([]);
});

test("before the doors open the countdown is to the doors, then to the bell", () => {
  expect(countdownOf(first, BELL - 700_000)).toEqual({ kind: "doors", leftMs: 100_000 });
  expect(countdownOf({ ...first, phase: "doors_open" }, BELL - 590_000)).toEqual({ kind: "bell", leftMs: 590_000 });
  expect(countdownOf(first, BELL - 1000)).toEqual({ kind: "bell", leftMs: 1000 });
  expect(countdownOf(first, BELL)).toEqual({ kind: "rung" });
  expect(countdownOf(first, null)).toEqual({ kind: "unknown" });
});

test("camera and microphone are tried out from twenty minutes before the doors open", () => {
  const rows: [boolean, number | null, LessonSummary["phase"]][] = [
    [false, BELL - HOUR, "scheduled"], [true, BELL - 1_800_000, "scheduled"], [false, null, "scheduled"], [true, null, "live"],
  ];
  for (const [expected, now, phase] of rows) expect(isNear({ ...first, phase }, now)).toBe(expected);
});
