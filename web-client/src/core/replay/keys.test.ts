import { expect, test } from "vitest";

import { directionOf, nextBox, playerKey, type Box } from "./keys";

test("keys drive the player", () => {
  expect(playerKey(" ")).toEqual({ kind: "toggle" });
  expect(playerKey("ArrowLeft")).toEqual({ kind: "skip", byS: -10 });
  expect(playerKey("]")).toEqual({ kind: "chapter", by: 1 });
  expect(playerKey("3")).toEqual({ kind: "share", share: 0.3 });
  expect(["x", "constructor", "12", ""].map(playerKey)).toEqual([null, null, null, null]);
});

// a wide time bar above three buttons, and one link far below
const BAR: Box = { x: 0, y: 0, width: 300, height: 20 };
const [PLAY, MUTE, FULL]: [Box, Box, Box] = [
  { x: 0, y: 30, width: 40, height: 40 }, { x: 200, y: 30, width: 40, height: 40 }, { x: 240, y: 30, width: 40, height: 40 },
];
const LINK: Box = { x: 210, y: 200, width: 20, height: 20 };
const ALL = [BAR, PLAY, MUTE, FULL, LINK];

test("an arrow goes to the nearest control that lies that way", () => {
  expect(nextBox(PLAY, ALL, "right")).toBe(2);
  expect(nextBox(MUTE, ALL, "right")).toBe(3);
  expect(nextBox(FULL, ALL, "right")).toBeNull();
  expect(nextBox(FULL, ALL, "up")).toBe(0);
  expect(nextBox(MUTE, ALL, "down")).toBe(4);
  expect(nextBox(LINK, ALL, "up")).toBe(2);
  expect(nextBox(BAR, ALL, "down")).toBe(1);
});

test("only the four arrows have a direction", () => {
  expect(["ArrowUp", "ArrowRight", "Enter", "toString"].map(directionOf)).toEqual(["up", "right", null, null]);
});
