import { expect, test } from "vitest";

import { findLessons, opens, watchableOf } from "./library";
import type { LessonSummary, RecordingState } from "./protocol";

const lesson: LessonSummary = {
  id: "a", title: "小星星", subject: "音乐", class_group: "三年级", master_teacher: "王丽", hub_school: "实验小学", period: 2,
  starts_at: 0, ends_at: 1, phase: "ended", recording: "finished", duration_ms: 1,
};

test("a recording can be opened once it is finished and while it is being made", () => {
  const rows: [RecordingState, boolean][] = [
    ["finished", true], ["recording", true], ["idle", false], ["failed", false], ["not_recordable", false],
  ];
  for (const [recording, expected] of rows) expect(opens(watchableOf({ ...lesson, recording })), recording).toBe(expected);
});

test("a search matches every word anywhere", () => {
  const hit = (words: string): number => findLessons([lesson], words).length;
  expect([hit(""), hit("音乐 王"), hit("星"), hit("英语"), hit("音乐 张")]).toEqual([1, 1, 1, 0, 0]);
});
