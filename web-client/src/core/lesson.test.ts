import { expect, test } from "vitest";

import { BELL, lessonWith, point, summaryWith, viewOf } from "./fixture";
import { applyMessage, isMusic, pointsOf, refreshed } from "./lesson";
import type { ServerMessage } from "./protocol";

test("nothing is known before the welcome", () => {
  expect(applyMessage(null, { type: "hands_changed", hands: ["point-1"] })).toBeNull();
});

test("a welcome replaces everything but the wall, which the server only tells when it changes", () => {
  const before = { ...viewOf("master"), wall: { page: 0, pages: 1, tiles: ["point-2"] } };
  const after = applyMessage(before, {
    type: "welcome", you: "master", role: "master_teacher", lesson: lessonWith({ phase: "ended" }), server_time: BELL,
  });
  expect(after?.lesson.phase).toBe("ended");
  expect(after?.wall?.tiles).toEqual(["point-2"]);
});

test("each delta changes its own part and leaves the rest alone", () => {
  const rows: [ServerMessage, Partial<ReturnType<typeof lessonWith>>][] = [
    [{ type: "hands_changed", hands: ["point-2"] }, { hands: ["point-2"] }],
    [{ type: "floor_changed", floor: ["point-3"] }, { floor: ["point-3"] }],
    [{ type: "courseware_changed", courseware: true }, { courseware: true }],
    [{ type: "recording_changed", recording: "failed" }, { recording: "failed" }],
    [{ type: "video_codec_changed", video_codec: "vp8" }, { video_codec: "vp8" }],
    [{ type: "phase_changed", phase: "ended", at: BELL + 9 }, { phase: "ended" }],
  ];
  for (const [message, change] of rows) {
    expect(applyMessage(viewOf("master"), message)?.lesson, message.type).toEqual(lessonWith(change));
  }
});

test("the first live phase tells since when, a repeated one does not move it", () => {
  const waiting = viewOf("master", { phase: "doors_open", live_since: null });
  const live = applyMessage(waiting, { type: "phase_changed", phase: "live", at: BELL + 5 });
  expect(live?.lesson.live_since).toBe(BELL + 5);
  expect(applyMessage(live, { type: "phase_changed", phase: "live", at: BELL + 9000 })?.lesson.live_since).toBe(BELL + 5);
});

test("a changed participant keeps its place and an unknown one joins at the end", () => {
  const view = applyMessage(viewOf("master"), { type: "participant_changed", participant: point(1, { presence: "lost" }) });
  const more = applyMessage(view, { type: "participant_changed", participant: point(4) });
  expect(more && pointsOf(more.lesson).map((each) => `${each.id} ${each.presence}`)).toEqual([
    "point-1 lost", "point-2 present", "point-3 present", "point-4 present",
  ]);
});

test("a changed plan replaces the lesson and nothing of the page", () => {
  const before = { ...viewOf("master"), wall: { page: 0, pages: 1, tiles: ["point-2"] }, headcounts: { "point-1": 31 } };
  const later = lessonWith({ ends_at: BELL + 50 * 60_000, latest_end: BELL + 60 * 60_000 });
  expect(applyMessage(before, { type: "plan_changed", lesson: later })).toEqual({ ...before, lesson: later });
});

test("a lesson of a list is told as its own line knows it", () => {
  const listed = summaryWith({ title: "小星星" });
  const moved = refreshed(listed, lessonWith({ title: "茉莉花", starts_at: BELL + 60_000, phase: "doors_open" }));
  expect(moved).toMatchObject({ title: "茉莉花", phase: "doors_open", doors_open_at: BELL - 540_000, period: 2 });
  expect(moved.points).toEqual(listed.points);
  expect(refreshed(listed, lessonWith({ id: "other", title: "茉莉花" }))).toBe(listed);
  expect(refreshed(listed, null)).toBe(listed);
});

test("headcounts are kept by point, also over a reconnect", () => {
  const told = applyMessage(viewOf("master"), { type: "headcount_changed", point: "point-1", count: 31 });
  const both = applyMessage(told, { type: "headcount_changed", point: "point-2", count: 12 });
  const corrected = applyMessage(both, { type: "headcount_changed", point: "point-1", count: 30 });
  const back = applyMessage(corrected, {
    type: "welcome", you: "master", role: "master_teacher", lesson: lessonWith(), server_time: BELL,
  });
  expect(back?.headcounts).toEqual({ "point-1": 30, "point-2": 12 });
});

test("two equal refusals are two events", () => {
  const refused: ServerMessage = { type: "refused", request: "grant_floor", reason: "point_absent", detail: "" };
  const once = applyMessage(viewOf("master"), refused);
  expect(applyMessage(once, refused)?.refusal?.count).toBe(2);
});

test("only music is captured as music", () => {
  expect(["音乐", "Music", "美术", "英语"].map(isMusic)).toEqual([true, true, false, false]);
});
