import { expect, test } from "vitest";

import { lessonWith, point, viewOf } from "./fixture";
import type { LessonView } from "./lesson";
import type { MediaLink } from "./media-link";
import type { LessonSnapshot, PictureGiven } from "./protocol";
import { statusOf, type Situation } from "./status";

const fine: Situation = {
  prospect: "joining", view: viewOf("point-1"), line: { kind: "open", heardMs: 0 }, receiving: { kind: "up" }, publishing: { kind: "up" },
  equipment: "ok",
};
const lost = lessonWith().participants.map((each) => (each.id === "master" ? { ...each, presence: "lost" as const } : each));
const blind = [...lessonWith().participants.slice(0, 1), point(1, { sees_video: false })];

const SHAKY: MediaLink = { kind: "shaky", sinceMs: 0, mendAtMs: 1500, down: true, tried: false };
const weak = (given: PictureGiven, change: Partial<LessonSnapshot> = {}): LessonView => ({ ...viewOf("point-1", change), pictures: [given] });

test("the most pressing sentence is the one shown", () => {
  const rows: [string, Partial<Situation>][] = [
    ["listening", {}],
    ["connecting", { view: null, line: { kind: "connecting", attempt: 0, sinceMs: 0 } }],
    ["reconnecting", { view: null, line: { kind: "waiting", attempt: 1, retryAtMs: 0 } }],
    ["reconnecting", { view: null, line: { kind: "idle" }, prospect: "unreachable" }],
    ["no_lesson", { view: null, line: { kind: "idle" }, prospect: "none" }],
    ["ended", { view: null, line: { kind: "idle" }, prospect: "ended" }],
    ["waiting_doors", { view: null, line: { kind: "idle" }, prospect: "scheduled" }],
    ["reconnecting", { line: { kind: "waiting", attempt: 1, retryAtMs: 0 }, equipment: "no_camera" }],
    ["lead_away", { view: viewOf("point-1", { participants: lost }), receiving: SHAKY }],
    ["media_reconnecting", { receiving: SHAKY }],
    ["media_refused", { receiving: { kind: "refused", problem: "x" } }],
    ["on_floor", { view: viewOf("point-1", { floor: ["point-1"] }), equipment: "no_camera" }],
    ["voice_only", { view: viewOf("point-1", { participants: blind }) }],
    ["no_camera", { equipment: "no_camera" }],
    ["sound_only", { view: weak("withheld"), equipment: "no_camera" }],
    ["listening", { view: weak("smaller") }],
    ["sound_and_courseware", { view: weak("withheld", { courseware: true, hands: ["point-1"] }) }],
    ["on_floor", { view: weak("withheld", { floor: ["point-1"] }) }],
    ["media_reconnecting", { view: weak("withheld"), receiving: SHAKY }],
    ["waiting_lead", { view: weak("withheld", { phase: "doors_open" }) }],
    ["waiting_lead", { view: viewOf("point-1", { phase: "doors_open" }) }],
    ["waiting_doors", { view: viewOf("point-1", { phase: "scheduled" }) }],
    ["other_on_floor", { view: viewOf("point-1", { floor: ["point-2"] }) }],
    ["hand_up", { view: viewOf("point-1", { hands: ["point-1"] }) }],
    ["ended", { view: viewOf("point-1", { phase: "ended" }), line: { kind: "waiting", attempt: 3, retryAtMs: 0 } }],
  ];
  for (const [expected, change] of rows) {
    expect(statusOf({ ...fine, ...change }).key, JSON.stringify(change).slice(0, 80)).toBe(expected);
  }
});

test("another network that is changed to while all flows is no failure", () => {
  expect(statusOf({ ...fine, receiving: { ...SHAKY, down: false } }).key).toBe("listening");
});

test("a first negotiation is no failure", () => {
  expect(statusOf({ ...fine, receiving: { kind: "negotiating", attempt: 0, sinceMs: 0 } }).key).toBe("listening");
});
