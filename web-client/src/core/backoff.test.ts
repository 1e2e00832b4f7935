import { expect, test } from "vitest";

import { EAGER_RETRY_MS, LONGEST_RETRY_MS, retryDelayMs } from "./backoff";

test("the wait doubles from half a second to two, and later on to ten", () => {
  const waits = [0, 1, 2, 3, 29, 30, 31, 32, 33, 4000].map((attempt) => retryDelayMs(attempt, 0.999_999));
  expect(waits).toEqual([500, 1000, 2000, EAGER_RETRY_MS, EAGER_RETRY_MS, 4000, 8000, 10_000, 10_000, LONGEST_RETRY_MS]);
});

test("the short waits last half a minute at least and a minute at most", () => {
  const eager = (chance: number): number => Array.from({ length: 31 }, (_, attempt) => retryDelayMs(attempt, chance)).reduce((sum, wait) => sum + wait, 0);
  expect(eager(0)).toBeGreaterThanOrEqual(30_000);
  expect(eager(0.999_999)).toBeLessThan(62_000);
});

test("chance moves a wait within its upper half", () => {
  expect(retryDelayMs(2, 0)).toBe(1000);
  expect(retryDelayMs(2, 0.5)).toBe(1500);
});
