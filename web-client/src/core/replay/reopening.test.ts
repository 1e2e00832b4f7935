import { expect, test } from "vitest";

import { reopenAfterMs, troubleOf } from "./reopening";

test("an expired address is opened anew at once, a lost network after a while, each a few times only", () => {
  expect([0, 1, 2, 3].map((inARow) => reopenAfterMs({ inARow }, "expired"))).toEqual([0, 3000, 10_000, null]);
  expect([0, 1, 2, 3].map((inARow) => reopenAfterMs({ inARow }, "network"))).toEqual([3000, 3000, 10_000, null]);
});

test("what opening anew cannot mend is said", () => {
  expect([reopenAfterMs({ inARow: 0 }, "media"), reopenAfterMs({ inARow: 0 }, "unsupported")]).toEqual([null, null]);
});

test("a refused piece means an expired address, anything else the network", () => {
  expect([403, 404, 410, 500, 0, null].map(troubleOf)).toEqual(["expired", "expired", "expired", "network", "network", "network"]);
});
