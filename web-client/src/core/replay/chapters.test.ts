import { expect, test } from "vitest";

import { CHAPTERS_MAX, chapterAt, chapterJump, readChapters } from "./chapters";

const chapters = [{ fromS: 1, title: "上课" }, { fromS: 60, title: "课件" }, { fromS: 90, title: "点名" }];

test("chapters are the cues' beginnings and titles, in a bounded number", () => {
  expect(readChapters("WEBVTT\n\n00:01.000 --> 00:05.000\n上课\n")).toEqual([{ fromS: 1, title: "上课" }]);
  expect(readChapters(`WEBVTT\n\n${"00:01.000 --> 00:05.000\na\n\n".repeat(900)}`).length).toBe(CHAPTERS_MAX);
});

test("a moment belongs to the chapter that began last", () => {
  expect([0, 1, 59.9, 60, 500].map((timeS) => chapterAt(chapters, timeS))).toEqual([null, 0, 0, 1, 2]);
  expect(chapterAt([], 5)).toBeNull();
});

test("a jump goes on to the next beginning, and back to this one or, close to it, the one before", () => {
  expect([0, 30, 60, 95].map((timeS) => chapterJump(chapters, timeS, 1))).toEqual([1, 60, 90, null]);
  expect([0, 2, 30, 61, 80].map((timeS) => chapterJump(chapters, timeS, -1))).toEqual([null, 1, 1, 1, 60]);
});
