import { expect, test } from "vitest";

import { firstCount, headcountKey, stepped } from "./headcount";

test("arrows step by one and by ten within what the server takes", () => {
  const rows: [string, number, number][] = [
    ["ArrowUp", 30, 31], ["ArrowDown", 30, 29], ["ArrowRight", 30, 40], ["ArrowLeft", 30, 20], ["ArrowLeft", 4, 0], ["ArrowRight", 1999, 2000],
  ];
  for (const [key, from, to] of rows) expect(headcountKey(from, "", key)).toEqual({ kind: "count", count: to });
  expect(stepped(0, -1)).toBe(0);
});

test("digits are typed one after the other, and the back key takes one away or leaves", () => {
  expect(headcountKey(30, "", "4")).toEqual({ kind: "count", count: 4 });
  expect(headcountKey(4, "4", "5")).toEqual({ kind: "count", count: 45 });
  expect(headcountKey(999, "999", "9")).toEqual({ kind: "count", count: 2000 });
  expect(headcountKey(45, "45", "Backspace")).toEqual({ kind: "count", count: 4 });
  expect(headcountKey(45, "", "Backspace")).toEqual({ kind: "cancel" });
});

test("OK sends, back cancels, other keys are left alone", () => {
  expect(["Enter", " ", "Escape", "GoBack", "Tab", "m"].map((key) => headcountKey(30, "", key)?.kind ?? null)).toEqual([
    "send", "send", "cancel", "cancel", null, null,
  ]);
});

test("what was told last is the first guess", () => {
  expect([firstCount(28, "41"), firstCount(undefined, "41"), firstCount(undefined, null), firstCount(undefined, "many"), firstCount(undefined, "-3")])
    .toEqual([28, 41, 30, 30, 30]);
});
