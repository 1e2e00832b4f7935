import { expect, test } from "vitest";

import { cellKey, changeOfCells, periodsIn, planOf } from "./requirements";

const PLAN = planOf([
  { grade: "三年级", subject: "音乐", periods: 2 }, { grade: "一年级", subject: "美术", periods: 2 },
  { grade: "三年级", subject: "英语", periods: 3 },
]);

test("grades stand in their order, subjects as they came", () => {
  expect(PLAN.grades).toEqual(["一年级", "三年级"]);
  expect(PLAN.subjects).toEqual(["音乐", "美术", "英语"]);
  expect(planOf([{ grade: "10 年级", subject: "a", periods: 1 }, { grade: "2 年级", subject: "a", periods: 1 }]).grades)
    .toEqual(["2 年级", "10 年级"]);
});

test("a cell takes a number of periods and nothing else", () => {
  const rows: [string, number | null][] = [["", 0], [" 2 ", 2], ["40", 40], ["41", null], ["-1", null], ["1.5", null], ["两", null]];
  for (const [text, periods] of rows) expect(periodsIn(text), text).toBe(periods);
});

test("only cells that differ are sent, and none required removes one", () => {
  const after = new Map([[cellKey("三年级", "音乐"), 2], [cellKey("三年级", "英语"), 0], [cellKey("一年级", "音乐"), 1]]);
  expect(changeOfCells(PLAN, after)).toEqual({
    put: [{ kind: "requirement", value: { grade: "一年级", subject: "音乐", periods: 1 } }],
    remove: [{ kind: "requirement", key: ["三年级", "英语"] }],
  });
});
