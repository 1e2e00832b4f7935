import { expect, test } from "vitest";

import { playbackWith, trackOf } from "./fixture";
import { covers, mainSource, opensAt, playlistFor, viewsOf, type Mode } from "./views";

test("the lead's camera comes first, then the courseware, then the classes in their order", () => {
  expect(viewsOf(playbackWith()).map((view) => view.name)).toEqual([
    "master-camera", "master-screen", "point-1-camera", "point-10-camera",
  ]);
});

test("a view covers its own part of the lesson's one clock, and while the lesson is on has no end", () => {
  const screenAt = (live: boolean): boolean[] => {
    const screen = viewsOf(playbackWith({ live }))[1];
    return screen === undefined ? [] : [10, 31, 35, 55].map((timeS) => covers(screen, timeS));
  };
  expect(screenAt(false)).toEqual([false, true, true, false]);
  expect(screenAt(true)).toEqual([false, true, true, true]);
});

test("a replay opens where the lead can be both seen and heard", () => {
  expect(opensAt(playbackWith())).toBe(1);
  expect(opensAt(playbackWith({ tracks: [] }))).toBe(0);
});

test("each mode has its playlist", () => {
  const of = (mode: "program" | "views" | "sound", program = true): unknown => mainSource(playbackWith({ program }), mode);
  expect(of("program")).toEqual({ kind: "hls", playlist: "program.m3u8" });
  expect(of("views")).toEqual({ kind: "hls", playlist: "resource.m3u8" });
  expect(of("program", false)).toEqual({ kind: "hls", playlist: "resource.m3u8" });
  expect(of("sound")).toEqual({ kind: "hls", playlist: "audio.m3u8" });
});

test("a player without Opus takes the program's other playlist, once it is made, and any other player never does", () => {
  const of = (mode: Mode, compatible: string | null, knowsOpus: boolean): string => {
    const source = mainSource(playbackWith({ compatible }), mode);
    return source.kind === "hls" ? playlistFor(source, knowsOpus) : "";
  };
  const rows: [Mode, string | null, boolean, string][] = [
    ["program", "aac.m3u8", false, "aac.m3u8"],
    ["program", "aac.m3u8", true, "program.m3u8"],
    ["program", null, false, "program.m3u8"],
    ["sound", "aac.m3u8", false, "aac.m3u8"],
    ["sound", "aac.m3u8", true, "audio.m3u8"],
    ["views", "aac.m3u8", false, "resource.m3u8"],
  ];
  for (const [mode, compatible, knowsOpus, expected] of rows) {
    expect(of(mode, compatible, knowsOpus), `${mode} ${compatible} ${knowsOpus}`).toBe(expected);
  }
});

test("a lesson whose pictures are WebM is appended part by part, with the mixed voice or else the lead's", () => {
  const camera = trackOf("master-camera", { container: "webm" });
  const lists = (...names: string[]): unknown =>
    mainSource(playbackWith({ program: false, tracks: [camera, ...names.map((name) => trackOf(name))] }), "views");
  expect(lists("master-voice")).toEqual({ kind: "parts", lists: ["t/master-camera/parts.json", "t/master-voice/parts.json"] });
  expect(lists("master-voice", "master-program")).toEqual({
    kind: "parts", lists: ["t/master-camera/parts.json", "t/master-program/parts.json"],
  });
  expect(lists()).toEqual({ kind: "parts", lists: ["t/master-camera/parts.json"] });
});

test("a lesson of which there is only sound plays that", () => {
  const playback = playbackWith({ program: false, tracks: [trackOf("master-voice")] });
  expect(mainSource(playback, "views")).toEqual({ kind: "hls", playlist: "audio.m3u8" });
});
