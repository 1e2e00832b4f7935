import { expect, test } from "vitest";

import { followed, resumeAt, skipped } from "./position";

test("skipping stays inside the recording", () => {
  const span = { fromS: 1, toS: 60 };
  expect([skipped(4, -10, span), skipped(55, 10, span), skipped(20, 10, span)]).toEqual([1, 59.9, 30]);
});

test("a lesson resumes where it was left, but starts over at its very end", () => {
  expect([resumeAt(null, 600), resumeAt(2, 600), resumeAt(300, 600), resumeAt(590, 600)]).toEqual([0, 0, 300, 0]);
});

test("a second picture is left alone in step, led back when a little off, and moved when far off", () => {
  expect(followed(10.02, 10, 1)).toEqual({ kind: "run", rate: 1 });
  expect(followed(10.2, 10, 1)).toEqual({ kind: "run", rate: 0.92 });
  expect(followed(9.8, 10, 2)).toEqual({ kind: "run", rate: 2.16 });
  expect(followed(12, 10, 1)).toEqual({ kind: "move", toS: 10 });
  expect(followed(11, 10, 2)).toEqual({ kind: "run", rate: 1.84 });
});

test("a second picture that starts half a second late is in step within ten seconds and stays there", () => {
  let [main, second] = [100, 99.5];
  const offs: number[] = [];
  for (let at = 0; at < 20; at += 0.25) {
    const step = followed(second, main, 1);
    second = step.kind === "move" ? step.toS : second + 0.25 * step.rate;
    main += 0.25;
    offs.push(Math.abs(second - main));
  }
  expect(Math.max(...offs.slice(40))).toBeLessThan(0.05);
});
