import { expect, test } from "vitest";

import type { JobReport } from "../protocol";
import { gradeIn, makingIn, orderOf, type Making } from "./showcase";

const thumbnails: JobReport = { job: "thumbnails", state: "running", percent: 70 };
const none: Making = { kind: "none" };
const underWay: Making = { kind: "under_way", waiting: false, percent: 40 };

function making(report: Omit<JobReport, "job"> | null, before: Making): Making {
  const own = report === null ? [] : [{ job: "showcase", ...report }];
  return makingIn({ available: true, jobs: [...own, thumbnails] }, before);
}

test("the making of a showcase lesson stands as the server says, whatever else is being made", () => {
  expect(making(null, none)).toEqual(none);
  expect(making({ state: "waiting", percent: 0 }, none)).toEqual({ kind: "under_way", waiting: true, percent: 0 });
  expect(making({ state: "running", percent: 41 }, underWay)).toEqual({ kind: "under_way", waiting: false, percent: 41 });
  expect(making({ state: "done", percent: 100 }, underWay)).toEqual({ kind: "done" });
  expect(making({ state: "failed", percent: 0 }, underWay)).toEqual({ kind: "failed" });
});

test("what a server forgot while it was being made has failed, and what was not being made has not", () => {
  expect(making(null, underWay)).toEqual({ kind: "failed" });
  expect(making(null, { kind: "done" })).toEqual(none);
});

test("both facts of the title card must be filled in before anything is ordered", () => {
  expect(orderOf(" 人教版 ", "三年级")).toEqual({ job: "showcase", textbook_edition: "人教版", grade: "三年级" });
  for (const [edition, grade] of [["", "三年级"], ["人教版", "  "], ["", ""]] as const) expect(orderOf(edition, grade)).toBeNull();
});

test("the grade is read from a class group that names exactly one", () => {
  const rows = [["三年级", "三年级"], ["三年级（2）班", "三年级"], ["高一 4 班", "高一"], ["三年级、四年级", ""], ["合唱队", ""], ["", ""]] as const;
  for (const [classGroup, grade] of rows) expect(gradeIn(classGroup), classGroup).toBe(grade);
});
