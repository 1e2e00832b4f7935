import { expect, test } from "vitest";

import type { OfferedPoint } from "../protocol";
import { byLack, countsOf, lackOf } from "./offered";

function point(name: string, all: boolean, enough: boolean): OfferedPoint {
  return { school: name, name, grade: "三年级", offered_all: all, offered_enough: enough, subjects: [] };
}

test("what a subject lacks is told by its gravest lack", () => {
  const rows: [string, number, number, number, number][] = [
    ["whole", 0, 2, 2, 2], ["not_offered", 2, 2, 0, 0], ["too_few", 1, 2, 1, 1], ["not_received", 2, 2, 2, 0], ["whole", 0, 0, 0, 0],
  ];
  for (const [kind, periods, required, planned, delivered] of rows) {
    const lack = lackOf({ subject: "音乐", required, planned, delivered });
    expect([lack.kind, lack.kind === "whole" ? 0 : lack.periods]).toEqual([kind, periods]);
  }
});

test("points that lack something stand first and are counted", () => {
  const points = [point("甲", true, true), point("乙", true, false), point("丙", false, false), point("丁", true, true)];
  expect(byLack(points).map((each) => each.name)).toEqual(["丙", "乙", "丁", "甲"]);
  expect(countsOf(points)).toEqual({ of: 4, all: 3, enough: 2 });
});
