import { expect, test } from "vitest";

import type { LineMinute } from "../protocol";
import { lineSummary, minuteBars } from "./lines";

const minute = (change: Partial<LineMinute> = {}): LineMinute => ({
  at: 0, rtt_ms: null, up_kbps: null, down_kbps: null, up_lost_permille: null, down_lost_permille: null, concealed_permille: null, frozen_ms: 0, ...change,
});
const spread = (min: number, avg: number, max: number) => ({ min, avg, max });

test("a minute has the bars of its means, and of what it stood still on average", () => {
  expect(minuteBars(minute())).toBe(4);
  expect(minuteBars(minute({ rtt_ms: spread(20, 260, 2000) }))).toBe(3);
  expect(minuteBars(minute({ down_lost_permille: spread(0, 60, 300) }))).toBe(2);
  expect(minuteBars(minute({ frozen_ms: 6000 }))).toBe(2);
  expect(minuteBars(minute({ frozen_ms: 24_000 }))).toBe(1);
});

test("the figures are those of all minutes that have them", () => {
  const minutes = [
    minute({ rtt_ms: spread(10, 80, 100), up_lost_permille: spread(0, 4, 9), down_kbps: spread(0, 1000, 2000), frozen_ms: 700 }),
    minute({ rtt_ms: spread(10, 120, 900), down_lost_permille: spread(0, 20, 80), frozen_ms: 900 }),
    minute(),
  ];
  expect(lineSummary({ minutes })).toEqual({ rttMs: { usual: 100, worst: 900 }, lost: { usual: 20, worst: 80 }, upKbps: null, downKbps: 1000, frozenS: 2 });
  expect(lineSummary({ minutes: [] })).toEqual({ rttMs: null, lost: null, upKbps: null, downKbps: null, frozenS: 0 });
});
