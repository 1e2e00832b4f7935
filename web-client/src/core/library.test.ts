import { expect, test } from "vitest";

import { summaryWith } from "./fixture";
import { findLessons, opens, watchableOf } from "./library";
import type { RecordingState } from "./protocol";

const lesson = summaryWith({ title: "小星星", master_teacher: "王丽", phase: "ended", recording: "finished", duration_ms: 1 });

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
