import { expect, test } from "vitest";

import { beside } from "./paths";
import { readThumbnails, thumbnailAt } from "./thumbnails";

const at = (from: string, to: string, text: string): string => `${from} --> ${to}\n${text}\n\n`;

test("a cue names a part of the sprite beside its file", () => {
  const text = `WEBVTT\n\n${at("00:00.000", "00:10.000", "sprite.jpg#xywh=160,90,160,90")}`;
  expect(readThumbnails(text, "/replay/ticket/thumbs/thumbnails.vtt")).toEqual([
    { fromS: 0, toS: 10, sprite: "/replay/ticket/thumbs/sprite.jpg", x: 160, y: 90, width: 160, height: 90 },
  ]);
});

test("addresses elsewhere and impossible sizes are left out", () => {
  const hostile = [
    "https://school.example/a.jpg#xywh=0,0,1,1", "//school.example/a.jpg#xywh=0,0,1,1", "../a.jpg#xywh=0,0,1,1",
    "a.svg#xywh=0,0,1,1", "a.jpg", "a.jpg#xywh=0,0,0,9", "a.jpg#xywh=99999,0,9,9", "a.jpg#xywh=0,0,9999,9",
    "a.jpg#xywh=-1,0,9,9", "a\").jpg#xywh=0,0,9,9", "a.jpg#xywh=0,0,9,9,9",
  ];
  const text = `WEBVTT\n\n${hostile.map((name) => at("00:00.000", "00:10.000", name)).join("")}`;
  expect(readThumbnails(text, "/t/thumbnails.vtt")).toEqual([]);
});

test("a moment is shown by the picture that began last", () => {
  const cells = [0, 10, 20].map((fromS) => ({ fromS, toS: fromS + 5, sprite: "s", x: fromS, y: 0, width: 1, height: 1 }));
  expect([-1, 0, 7, 10, 99].map((timeS) => thumbnailAt(cells, timeS)?.x ?? null)).toEqual([null, 0, 0, 10, 20]);
  expect(thumbnailAt([], 3)).toBeNull();
});

test("a neighbour's path leaves out the query of the file that names it", () => {
  expect(beside("/a/b/c.json?sign=1/2", "0.webm", ["webm"])).toBe("/a/b/0.webm");
  expect(beside("/a/b/c.json", "0.webm", ["cmaf"])).toBeNull();
});
