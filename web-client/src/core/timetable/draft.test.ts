import { expect, test } from "vitest";

import type { Term, WeekLesson } from "../protocol";
import { addOf, draftOf, editOf, newLesson, type Action, type Draft, type NewLesson } from "./draft";

const LESSON: WeekLesson = {
  id: "music-3-w13d1p2", course: "music-3", title: "小星星", subject: "音乐", grade: "三年级", class_group: "三（1）班", kind: "dedicated_lesson",
  hub_school: "a", hub_school_name: "实验小学", teacher: "w", teacher_name: "王老师", master_room: "r", master_room_name: "录播室", points: [],
  date: "2026-11-23", period: 2, starts_at: 0, ends_at: 1, phase: "scheduled", cancelled: null, moved: false, substituted: false, weekly: true,
};
const TERM: Term = { id: "t", name: "第一学期", week_1: "2026-08-31", first_day: "2026-09-01", last_day: "2027-01-22" };

test("an edit is made only of what differs from the lesson", () => {
  const rows: [Action, Partial<Draft>, boolean][] = [
    ["reschedule", {}, false], ["reschedule", { to: { date: "2026-11-23", period: 3 } }, true], ["reschedule", { to: { date: "", period: 3 } }, false],
    ["reschedule", { to: { date: "2026-11-24", period: 0 } }, false],
    ["substitute", {}, false], ["substitute", { teacher: "w" }, false], ["substitute", { teacher: "l" }, true],
    ["change_room", { room: "r" }, false], ["change_room", { room: "q" }, true],
    ["cancel", { reason: "  " }, false], ["cancel", { reason: "请假" }, true],
    ["retitle", {}, false], ["retitle", { title: "送别" }, true], ["retitle", { title: "" }, false],
    ["restore", {}, true],
  ];
  for (const [action, change, made] of rows) {
    expect(editOf(action, { ...draftOf(LESSON), ...change }, LESSON) !== null, `${action} ${JSON.stringify(change)}`).toBe(made);
  }
  expect(editOf("cancel", { ...draftOf(LESSON), reason: " 教师请假 " }, LESSON)).toEqual({ edit: "cancel", lesson: LESSON.id, reason: "教师请假" });
});

test("a lesson is added when all that is needed is there", () => {
  const full: NewLesson = { ...newLesson("2026-11-27", 3), title: "公开课", subject: "音乐", teacher: "w", school: "a", points: ["p"] };
  const rows: [Partial<NewLesson>, string | null][] = [
    [{}, null], [{ title: " " }, "incomplete"], [{ teacher: null }, "incomplete"], [{ school: null }, "incomplete"], [{ subject: "" }, "incomplete"],
    [{ date: "2027-02-01" }, "outside_term"], [{ period: 0 }, "incomplete"], [{ period: 0, starts: "16:00", ends: "15:00" }, "times"],
    [{ period: 0, starts: "16:00", ends: "17:30" }, null],
  ];
  for (const [change, trouble] of rows) {
    const made = addOf({ ...full, ...change }, [TERM]);
    expect("trouble" in made ? made.trouble : null, JSON.stringify(change)).toBe(trouble);
  }
  expect(addOf({ ...full, period: 0, starts: "16:00", ends: "17:30" }, [TERM])).toMatchObject({
    edit: { edit: "add_lesson", starts_min: 960, ends_min: 1050, course: { term: "t", points: [{ room: "p", class_group: "" }] } },
  });
});
