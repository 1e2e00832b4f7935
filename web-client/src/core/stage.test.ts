import { expect, test } from "vitest";

import { BELL, lessonWith, point, viewOf } from "./fixture";
import { stageOf, type Stage } from "./stage";

/** `main | inset, inset` of a live stage. */
function layout(stage: Stage): string {
  return stage.kind === "live" ? `${stage.main} | ${stage.insets.join(", ")}` : stage.kind;
}

test("what is large follows courseware and floor", () => {
  const rows: [string, string, Parameters<typeof lessonWith>[0]][] = [
    ["the lead alone fills the screen", "lead_camera | ", {}],
    ["courseware takes the large place, the lead the small", "lead_screen | lead_camera", { courseware: true }],
    ["another class called on is large", "floor | lead_camera", { floor: ["point-2"] }],
    ["beside another class courseware and lead stay in sight", "floor | lead_screen, lead_camera", { floor: ["point-2"], courseware: true }],
    ["a class called on sees the lead and itself", "lead_camera | self", { floor: ["point-1"] }],
    ["a class called on keeps the courseware", "lead_screen | lead_camera, self", { floor: ["point-1"], courseware: true }],
  ];
  for (const [name, expected, change] of rows) expect(layout(stageOf(viewOf("point-1", change))), name).toBe(expected);
});

test("before the lead begins there is a time to wait for", () => {
  expect(stageOf(viewOf("point-1", { phase: "doors_open" }))).toEqual({ kind: "waiting", startsAtMs: BELL, doorsOpen: true });
});

test("a device that cannot decode the codec gets the voice", () => {
  const participants = [...lessonWith().participants.slice(0, 1), point(1, { sees_video: false })];
  expect(stageOf(viewOf("point-1", { participants }))).toEqual({
    kind: "voice_only", leadName: "王老师", floorName: null, onFloor: false,
  });
});

test("a lead who vanished is away, not gone", () => {
  const participants = lessonWith().participants.map((each) =>
    each.id === "master" ? { ...each, presence: "lost" as const } : each);
  const stage = stageOf(viewOf("point-1", { participants }));
  expect(stage.kind === "live" && stage.leadAway).toBe(true);
});

test("an observer who is no participant sees what a class sees", () => {
  expect(layout(stageOf(viewOf("observer-7", { floor: ["point-2"] })))).toBe("floor | lead_camera");
});

test("an ended lesson shows nothing more", () => {
  expect(stageOf(viewOf("point-1", { phase: "ended", floor: ["point-2"] }))).toEqual({ kind: "ended" });
});
