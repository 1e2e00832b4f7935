import { expect, test } from "vitest";

import { COURSEWARE, encodingsOf, gateMicrophone, hintOf, MASTER_CAMERA, microphoneOpen, POINT_CAMERA, spareVoice, voicePlan } from "./capture";

test("the lead of a music lesson sends untouched stereo, everyone else speech", () => {
  expect(voicePlan("lead", "音乐")).toMatchObject({ echoCancellation: false, channelCount: 2 });
  expect(voicePlan("point", "音乐")).toMatchObject({ echoCancellation: true, channelCount: 1 });
  expect(voicePlan("lead", "英语")).toMatchObject({ echoCancellation: true });
});

test("a point's microphone is open only on the floor, the lead's unless muted", () => {
  expect(microphoneOpen("point", false, false)).toBe(false);
  expect(microphoneOpen("point", true, true)).toBe(true);
  expect(microphoneOpen("lead", false, false)).toBe(true);
  expect(microphoneOpen("lead", true, true)).toBe(false);
});

test("a microphone is silent unless it is open, also one that was plugged in while it was not", () => {
  for (const [role, muted, onFloor, heard] of [
    ["point", false, false, false], ["point", false, true, true], ["lead", false, false, true], ["lead", true, true, false],
  ] as const) {
    const track = { enabled: true };
    gateMicrophone(track, microphoneOpen(role, muted, onFloor));
    expect(track.enabled, `${role} ${muted} ${onFloor}`).toBe(heard);
  }
  gateMicrophone(null, true);
});

test("music is sent in stereo and again in one thin channel, speech once and thinly", () => {
  const music = voicePlan("lead", "音乐");
  expect([music.maxBitrate, spareVoice(music)]).toEqual([96_000, { maxBitrate: 24_000 }]);
  const speech = voicePlan("lead", "英语");
  expect([speech.maxBitrate, spareVoice(speech)]).toEqual([24_000, null]);
  expect(spareVoice(voicePlan("point", "音乐"))).toBeNull();
});

test("without simulcast a picture is one encoding that may take all its plan allows", () => {
  expect(encodingsOf(MASTER_CAMERA, "whole")).toEqual([{ maxBitrate: 1_500_000, maxFramerate: 25 }]);
  expect(encodingsOf(COURSEWARE, "whole")).toEqual([{ maxBitrate: 2_000_000, maxFramerate: 10 }]);
});

test("with simulcast the smallest goes first and the last is the whole picture", () => {
  expect(encodingsOf(MASTER_CAMERA, "sizes").map((layer) => [layer.rid, layer.scaleResolutionDownBy, layer.maxBitrate, layer.maxFramerate])).toEqual([
    ["q", 4, 150_000, 15], ["h", 2, 500_000, 25], ["f", 1, 1_500_000, 25],
  ]);
  for (const plan of [MASTER_CAMERA, POINT_CAMERA, COURSEWARE]) {
    const layers = encodingsOf(plan, "thinnable");
    const last = layers[layers.length - 1];
    expect(last).toMatchObject({ scaleResolutionDownBy: 1, maxBitrate: plan.maxBitrate, maxFramerate: plan.frameRate });
    expect(layers.map((layer) => layer.maxBitrate)).toEqual(layers.map((layer) => layer.maxBitrate).sort((one, other) => one - other));
    expect(new Set(layers.map((layer) => layer.rid)).size).toBe(layers.length);
    expect(layers.map((layer) => layer.scalabilityMode)).toEqual(["L1T2", ...layers.slice(1).map(() => "L1T1")]);
    expect(encodingsOf(plan, "sizes").every((layer) => layer.scalabilityMode === "L1T1")).toBe(true);
  }
});

test("one stream of layers takes what all sizes would", () => {
  expect(encodingsOf(MASTER_CAMERA, "layers")).toEqual([{ maxBitrate: 2_150_000, maxFramerate: 25, scalabilityMode: "L3T3_KEY" }]);
  expect(encodingsOf(POINT_CAMERA, "layers")).toEqual([{ maxBitrate: 500_000, maxFramerate: 15, scalabilityMode: "L2T3_KEY" }]);
  expect(hintOf(MASTER_CAMERA, encodingsOf(MASTER_CAMERA, "layers"))).toBe("motion");
  // A camera too small for layers is a lone picture, which must not be shrunk.
  expect(hintOf(MASTER_CAMERA, encodingsOf(MASTER_CAMERA, "layers", { width: 320, height: 240 }))).toBe("detail");
  expect(hintOf(MASTER_CAMERA, encodingsOf(MASTER_CAMERA, "thinnable"))).toBe("detail");
  expect(encodingsOf(MASTER_CAMERA, "layers", { width: 320, height: 240 })).toEqual(encodingsOf(MASTER_CAMERA, "whole"));
});

test("a camera that captures less sends fewer sizes, and always the whole picture", () => {
  const rids = (width: number, height: number): (string | undefined)[] =>
    encodingsOf(MASTER_CAMERA, "sizes", { width, height }).map((layer) => layer.rid);
  expect([rids(1280, 720), rids(960, 540), rids(640, 480), rids(640, 360), rids(320, 240)]).toEqual([
    ["q", "h", "f"], ["q", "h", "f"], ["h", "f"], ["h", "f"], [undefined],
  ]);
});
