import { expect, test } from "vitest";

import { AGAIN_MS, NO_SILENCE, SILENT_MS, silenceStep } from "./silence";

/** When silence is said, with a look every 250 ms; `flows` are the stretches in which something arrives. */
function said(toMs: number, flows: [fromMs: number, toMs: number][]): number[] {
  let silence = NO_SILENCE;
  const times: number[] = [];
  for (let nowMs = 250; nowMs <= toMs; nowMs += 250) {
    const arrives = flows.some(([from, to]) => nowMs >= from && nowMs <= to);
    const step = silenceStep(silence, arrives ? nowMs : silence.mark, nowMs);
    silence = step.silence;
    if (step.said) times.push(nowMs);
  }
  return times;
}

test("a flow that stops is said once, a second later", () => {
  expect(said(20_000, [[1000, 5000]])).toEqual([5000 + SILENT_MS]);
});

test("what never flowed steadily does not stop", () => {
  expect(said(20_000, [])).toEqual([]);
  expect(said(20_000, [[1000, 2000], [5000, 6000], [9000, 9000]])).toEqual([]);
});

test("a gap of less than a second is none", () => {
  expect(said(20_000, [[1000, 5000], [5750, 19_000]])).toEqual([20_000]);
});

test("a line that stalls again and again is said now and then only", () => {
  expect(said(30_000, [[1000, 4000], [6000, 9000], [11_000, 17_000], [20_000, 23_000]])).toEqual([5000, 18_000]);
  expect(18_000 - 5000).toBeGreaterThanOrEqual(AGAIN_MS);
});
