import { expect, test } from "vitest";

import { LISTENING, nextPatience, type Patience } from "./patience";

function after(reports: readonly (number | null)[], from: Patience = LISTENING): number {
  return reports.reduce<Patience>((patience, concealed_permille) => nextPatience(patience, { concealed_permille }), from).ms;
}

test("a voice that is made up waits longer, step by step, up to half a second", () => {
  expect(after([0, 5, 12])).toBe(300);
  expect(after(Array<number>(9).fill(15))).toBe(500);
});

test("where much is made up it waits as long as it may at once", () => {
  expect(after([0, 50])).toBe(500);
});

test("after half a minute of calm it waits less long again, and never less than it began with", () => {
  expect(after([15, 15, ...Array<number>(5).fill(0)])).toBe(400);
  expect(after([15, 15, ...Array<number>(6).fill(0)])).toBe(300);
  expect(after([15, 15, ...Array<number>(60).fill(1)])).toBe(200);
});

test("what is neither calm nor heard, or not known, changes nothing and begins no calm", () => {
  expect(after([15, 0, 0, 0, 0, 0, 5, 0])).toBe(300);
  expect(after([15, 0, 0, null, 0, 0, 0, null])).toBe(300);
});
