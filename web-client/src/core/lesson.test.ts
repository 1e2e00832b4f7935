import { expect, test } from "vitest";

import { BELL, lessonWith, point, viewOf } from "./fixture";
import { applyMessage, isMusic, pointsOf } from "./lesson";
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

test("two equal refusals are two events", () => {
  const refused: ServerMessage = { type: "refused", request: "grant_floor", reason: "point_absent", detail: "" };
  const once = applyMessage(viewOf("master"), refused);
  expect(applyMessage(once, refused)?.refusal?.count).toBe(2);
});

test("only music is captured as music", () => {
  expect(["音乐", "Music", "美术", "英语"].map(isMusic)).toEqual([true, true, false, false]);
});
