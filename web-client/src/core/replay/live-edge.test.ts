import { expect, test } from "vitest";

import { behindS, paceOf, playsParts, type Pace } from "./live-edge";

const CATCHING: Pace = { rate: 1, catchingUp: true };
const FREE: Pace = { rate: 1, catchingUp: false };

test("one is behind by what lies between oneself and the edge, and never ahead", () => {
  expect([behindS(10, 70), behindS(71, 70), behindS(10, null)]).toEqual([60, 0, 0]);
});

test("parts are for who is at the edge or on the way there", () => {
  expect([playsParts(99, 100), playsParts(93, 100), playsParts(5, 100), playsParts(5, null)]).toEqual([true, true, false, true]);
});

test("far behind one catches up fast, nearer gently, and at the edge it is over", () => {
  expect([300, 31, 20, 2].map((behind) => paceOf(CATCHING, 1, behind))).toEqual([
    { rate: 1.25, catchingUp: true }, { rate: 1.25, catchingUp: true }, { rate: 1.1, catchingUp: true }, { rate: 1, catchingUp: false },
  ]);
});

test("the rate does not flutter where fast becomes gentle", () => {
  const fast = { rate: 1.25, catchingUp: true };
  const gentle = { rate: 1.1, catchingUp: true };
  expect([paceOf(fast, 1, 28).rate, paceOf(fast, 1, 24).rate, paceOf(gentle, 1, 28).rate]).toEqual([1.25, 1.1, 1.1]);
});

test("who does not catch up plays at the chosen rate, but not faster than it happens", () => {
  expect(paceOf(FREE, 0.75, 100)).toEqual({ rate: 0.75, catchingUp: false });
  expect(paceOf(FREE, 2, 100)).toEqual({ rate: 2, catchingUp: false });
  expect(paceOf({ rate: 2, catchingUp: false }, 2, 1)).toEqual({ rate: 1, catchingUp: false });
  expect(paceOf({ rate: 0.75, catchingUp: false }, 0.75, 1)).toEqual({ rate: 0.75, catchingUp: false });
  // At the edge the distance wavers by the length of a part: 1x stays.
  expect(paceOf(FREE, 2, 3).rate).toBe(1);
});

test("a class ten minutes late is with the lesson after some forty minutes, and then stays with it", () => {
  let [timeS, edgeS, pace] = [0, 600, CATCHING];
  let caughtUpS: number | null = null;
  for (let second = 0; second < 3600; second += 1) {
    pace = paceOf(pace, 1, behindS(timeS, edgeS));
    timeS += pace.rate;
    edgeS += 1;
    if (!pace.catchingUp) caughtUpS ??= second;
  }
  expect(caughtUpS).toBeGreaterThan(2300);
  expect(caughtUpS).toBeLessThan(2700);
  expect(behindS(timeS, edgeS)).toBeLessThanOrEqual(2);
  expect(pace).toEqual({ rate: 1, catchingUp: false });
});
