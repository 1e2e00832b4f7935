import { expect, test } from "vitest";

import { findLessons } from "./library";
import type { LessonSummary, Playback } from "./protocol";
import { covers, opensAt, playerKey, resumeAt, skipped, viewsOf } from "./replay";

const playback: Playback = {
  playlist: "/media/x/index.m3u8", expires_at: 0,
  tracks: [
    { name: "point-10-camera", participant: "point-10", person: "Point 10", lead: false, slot: "camera", playlist: "q", starts_at_ms: 0, duration_ms: 60_000 },
    { name: "point-1-camera", participant: "point-1", person: "Point 1", lead: false, slot: "camera", playlist: "p", starts_at_ms: 9000, duration_ms: 60_000 },
    { name: "master-voice", participant: "master", person: "Chen", lead: true, slot: "voice", playlist: "v", starts_at_ms: 1000, duration_ms: 90_000 },
    { name: "master-screen", participant: "master", person: "Chen", lead: true, slot: "screen", playlist: "s", starts_at_ms: 31_000, duration_ms: 20_000 },
    { name: "master-camera", participant: "master", person: "Chen", lead: true, slot: "camera", playlist: "c", starts_at_ms: 1000, duration_ms: 90_000 },
  ],
};

test("the lead's camera comes first, then the courseware, then the classes in their order", () => {
  expect(viewsOf(playback).map((view) => view.name)).toEqual([
    "master-camera", "master-screen", "point-1-camera", "point-10-camera",
  ]);
});

test("a view covers its own part of the lesson's one clock", () => {
  const screen = viewsOf(playback)[1];
  expect(screen && [10, 31, 35, 55].map((timeS) => covers(screen, timeS))).toEqual([false, true, true, false]);
});

test("a replay opens where the lead can be both seen and heard", () => {
  expect(opensAt(playback)).toBe(1);
  expect(opensAt({ ...playback, tracks: [] })).toBe(0);
});

test("skipping stays inside the recording", () => {
  const span = { fromS: 1, toS: 60 };
  expect([skipped(4, -10, span), skipped(55, 10, span), skipped(20, 10, span)]).toEqual([1, 59.9, 30]);
});

test("a lesson resumes where it was left, but starts over at its very end", () => {
  expect([resumeAt(null, 600), resumeAt(2, 600), resumeAt(300, 600), resumeAt(590, 600)]).toEqual([0, 0, 300, 0]);
});

test("space and arrows drive the player", () => {
  expect(playerKey(" ")).toEqual({ kind: "toggle" });
  expect(playerKey("ArrowLeft")).toEqual({ kind: "skip", byS: -10 });
  expect(playerKey("x")).toBeNull();
});

test("a search matches every word anywhere", () => {
  const lesson: LessonSummary = {
    id: "a", title: "小星星", subject: "音乐", class_group: "三年级", master_teacher: "王丽", hub_school: "实验小学", period: 2,
    starts_at: 0, ends_at: 1, phase: "ended", recording: "finished", duration_ms: 1,
  };
  const hit = (words: string): number => findLessons([lesson], words).length;
  expect([hit(""), hit("音乐 王"), hit("星"), hit("英语"), hit("音乐 张")]).toEqual([1, 1, 1, 0, 0]);
});
