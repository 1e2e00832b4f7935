import { expect, test } from "vitest";

import { LONGEST_RETRY_MS, retryDelayMs } from "./backoff";

test("the wait doubles from half a second to ten seconds", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => retryDelayMs(attempt, 0.999_999));
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, LONGEST_RETRY_MS]);
});

test("chance moves a wait within its upper half", () => {
  expect(retryDelayMs(2, 0)).toBe(1000);
  expect(retryDelayMs(2, 0.5)).toBe(1500);
});
