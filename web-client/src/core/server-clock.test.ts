import { expect, test } from "vitest";

import { clockHeard, serverNow } from "./server-clock";

test("the clock runs on the page's monotonic time between readings", () => {
  expect(serverNow(clockHeard(null, 1_000_000, 500), 2500)).toBe(1_002_000);
});

test("a late message does not turn the clock back, a corrected server clock does", () => {
  const first = clockHeard(null, 1_000_000, 0);
  expect(serverNow(clockHeard(first, 1_004_400, 5000), 5000)).toBe(1_005_000);
  expect(serverNow(clockHeard(first, 900_000, 5000), 5000)).toBe(900_000);
});
