import { expect, test } from "vitest";

import { calledOn, capacityOf, shownViews } from "./layout";
import { playbackWith } from "./fixture";
import { viewsOf } from "./views";

const views = viewsOf(playbackWith());
const names = (chosen: string, timeS: number, called: string | null, capacity: number): string[] =>
  shownViews(views, chosen, timeS, called, capacity).map((view) => view.name);

test("a telephone shows one picture, a tablet two, a larger screen up to four", () => {
  expect([360, 740, 1280, 1920].map(capacityOf)).toEqual([1, 2, 4, 4]);
});

test("the chosen picture comes first, then the lead's others and the class called on", () => {
  expect(names("master-camera", 40, null, 4)).toEqual(["master-camera", "master-screen"]);
  expect(names("master-screen", 40, "point-1-camera", 4)).toEqual(["master-screen", "master-camera", "point-1-camera"]);
  expect(names("point-10-camera", 40, "point-1-camera", 2)).toEqual(["point-10-camera", "master-camera"]);
  expect(names("master-screen", 40, null, 1)).toEqual(["master-screen"]);
});

test("a picture that is not there at this moment stands beside no other, but can be chosen", () => {
  expect(names("master-camera", 5, "point-1-camera", 4)).toEqual(["master-camera"]);
  expect(names("master-screen", 5, null, 4)).toEqual(["master-screen", "master-camera"]);
});

test("a view there is not falls back to the first, and no views to none", () => {
  expect(names("gone", 5, null, 1)).toEqual(["master-camera"]);
  expect(shownViews([], "gone", 5, null, 4)).toEqual([]);
});

test("the chapter's title tells which class is called on, the longest name first", () => {
  expect(calledOn(views, "点名：Point 10")).toBe("point-10-camera");
  expect(calledOn(views, "点名：Point 1")).toBe("point-1-camera");
  expect([calledOn(views, "课件"), calledOn(views, null)]).toEqual([null, null]);
});
