import { expect, test } from "vitest";

import { lessonWith, point, viewOf } from "./fixture";
import { teachKey, tilesOf, wallLines } from "./wall";

const lead = lessonWith().participants.slice(0, 1);

test("until the server maps the wall, tiles stand without pictures", () => {
  expect(tilesOf(viewOf("master")).map((tile) => tile.pictureLine)).toEqual([null, null, null]);
});

test("a mapped wall follows the server's order, m-line by m-line", () => {
  const view = { ...viewOf("master"), wall: { page: 1, pages: 2, tiles: ["point-3", "point-1"] } };
  expect(tilesOf(view).map((tile) => `${tile.digit} ${tile.id} ${tile.pictureLine ?? "-"}`)).toEqual([
    "1 point-3 0", "2 point-1 1",
  ]);
});

test("what can be done to a point follows presence and floor", () => {
  const participants = [...lead, point(1), point(2, { presence: "lost" }), point(3, { presence: "absent" })];
  const tiles = tilesOf(viewOf("master", { participants, floor: ["point-2"] }));
  expect(tiles.map((tile) => tile.action)).toEqual(["call_on", "release", "none"]);
  expect(tilesOf(viewOf("master", { phase: "doors_open" })).map((tile) => tile.action)).toEqual(["none", "none", "none"]);
});

test("trouble is named, the worst first", () => {
  const participants = [
    ...lead, point(1, { presence: "lost", link: "poor" }), point(2, { link: "poor", sees_video: false }),
    point(3, { sees_video: false }), point(4, { presence: "absent" }),
  ];
  expect(tilesOf(viewOf("master", { participants })).map((tile) => tile.trouble)).toEqual([
    "lost", "poor_link", "no_video", null,
  ]);
});

test("raised hands are numbered in their order", () => {
  const tiles = tilesOf(viewOf("master", { hands: ["point-3", "point-1"] }));
  expect(tiles.map((tile) => tile.hand)).toEqual([2, null, 1]);
});

test("a headcount stands with the point that told it", () => {
  const tiles = tilesOf({ ...viewOf("master"), headcounts: { "point-2": 31 } });
  expect(tiles.map((tile) => tile.headcount)).toEqual([null, 31, null]);
});

test("keys call on, release and mute, and do nothing where nothing can be done", () => {
  const free = viewOf("master");
  expect(teachKey(free, "2")).toEqual({ kind: "call_on", point: "point-2" });
  expect(teachKey(free, "7")).toBeNull();
  expect(teachKey(free, "Escape")).toBeNull();
  expect(teachKey(viewOf("master", { floor: ["point-2"] }), "Escape")).toEqual({ kind: "release", point: "point-2" });
  expect(teachKey(free, "m")).toEqual({ kind: "mute" });
});

test("the receiving session is as wide as the roster, up to nine", () => {
  expect([0, 1, 3, 9, 40].map(wallLines)).toEqual([1, 1, 3, 9, 9]);
});
