import { expect, test } from "vitest";

import { viewOf } from "./fixture";
import type { LessonSnapshot, PictureGiven } from "./protocol";
import { stageOf } from "./stage";
import { weakLineOf, type WeakLine } from "./weak-line";

/** By letter: withheld, Stills, sLower, sMaller, whole (.). Camera, courseware, floor. */
const LETTERS: Record<string, PictureGiven> = { w: "withheld", s: "stills", l: "slower", m: "smaller", ".": "whole" };

function said(given: string, lesson: Partial<LessonSnapshot>): WeakLine | null {
  const stage = stageOf(viewOf("point-1", lesson));
  if (stage.kind !== "live") throw new Error("the lesson is live");
  return weakLineOf(stage, Array.from(given, (letter) => LETTERS[letter] ?? "whole"));
}

test("the worst that concerns the stage is what is said", () => {
  const plain = {};
  const courseware = { courseware: true };
  const floor = { courseware: true, floor: ["point-2"] };
  const own = { courseware: true, floor: ["point-1"] };
  const rows: [given: string, lesson: Partial<LessonSnapshot>, expected: WeakLine | null][] = [
    ["", plain, null],
    ["...", courseware, null],
    ["mlm", floor, null],
    ["w..", plain, "sound_only"],
    ["s..", plain, "some_stills"],
    [".w.", plain, null],
    ["w..", courseware, "sound_and_courseware"],
    ["wm.", courseware, "sound_and_courseware"],
    ["wl.", own, "sound_and_courseware"],
    ["ws.", courseware, "sound_and_stills"],
    [".s.", courseware, "courseware_stills"],
    [".w.", courseware, "courseware_withheld"],
    ["ww.", courseware, "sound_only"],
    ["www", floor, "sound_only"],
    ["ww.", floor, "courseware_withheld"],
    ["w..", floor, "some_withheld"],
    ["w.w", floor, "sound_and_courseware"],
    ["wsw", floor, "sound_and_stills"],
    ["ws.", floor, "courseware_stills"],
    ["..s", floor, "some_stills"],
  ];
  for (const [given, lesson, expected] of rows) expect(said(given, lesson), `${given} ${JSON.stringify(lesson)}`).toBe(expected);
});
