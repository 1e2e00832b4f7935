import { expect, test } from "vitest";

import type { ReportRow } from "../protocol";
import { hasLine, isLabelled, partsOf, percentOf, ratesOf, shareOf } from "./chart";

function row(label: string, ratio: number | null, change: Partial<ReportRow> = {}): ReportRow {
  return {
    key: label, label, planned: 10, due: 10, delivered: 9, ratio, valid: 9, invalid: 0, excused: 0, unexcused: 1, unjudged: 0, ad_hoc: 0,
    ...change,
  };
}

test("only what is complete is a hundred percent, only what is nothing is none", () => {
  expect([0, 0.001, 0.5, 0.985, 0.9996, 1].map(percentOf)).toEqual([0, 1, 50, 99, 99, 100]);
});

test("the line goes over the weeks, and a week without a rate is a gap", () => {
  const rates = ratesOf([row("1", 0.5), row("2", 1), row("3", null), row("4", 0), row("5", 0.25)], { width: 400, height: 100 });
  expect(rates.path).toBe("M0 50L100 0M300 100L400 75");
  expect(rates.points.map((point) => point.label)).toEqual(["1", "2", "4", "5"]);
  const toCome = [row("1", 0.5), row("2", 1), row("3", null), row("4", null)];
  expect(ratesOf(toCome, { width: 400, height: 100 }).path).toBe("M0 50L400 0");
  expect([toCome, toCome.slice(1), []].map(hasLine)).toEqual([true, false, false]);
});

test("high rates are shown close, with the floor told", () => {
  const frame = { width: 100, height: 100 };
  expect(ratesOf([row("1", 0.9), row("2", 1)], frame)).toMatchObject({ floor: 0.8, path: "M0 50L100 0" });
  expect(ratesOf([row("1", 0.75)], frame)).toMatchObject({ floor: 0.5, path: "M50 50" });
  expect(ratesOf([], frame)).toMatchObject({ floor: 0, path: "", points: [] });
  expect(ratesOf([row("1", 0.3)], frame).grid.map((line) => line.ratio)).toEqual([1, 0.5, 0]);
});

test("labels are thinned out until they fit", () => {
  const written = (count: number): number[] => Array.from({ length: count }, (_, index) => index).filter((index) => isLabelled(index, count, 10));
  expect(written(3)).toEqual([0, 1, 2]);
  expect(written(20)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
});

test("the parts of a row add up to what was planned", () => {
  const parts = partsOf(row("a", 0.7, { planned: 20, due: 9, valid: 7, invalid: 1, unexcused: 1, excused: 1, unjudged: 0 }));
  expect(parts.map((part) => `${part.kind} ${part.count}`)).toEqual(["valid 7", "invalid 1", "unexcused 1", "excused 1", "to_come 10"]);
  expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1);
  expect(parts[1]?.from).toBeCloseTo(0.35);
  expect(partsOf(row("a", null, { planned: 0, valid: 0, unexcused: 0 }))).toEqual([]);
});

test("what was received is held against what was taught", () => {
  expect([shareOf(1200, 2400), shareOf(2500, 2400), shareOf(5, 0), shareOf(-1, 10)]).toEqual([0.5, 1, 0, 0]);
});
