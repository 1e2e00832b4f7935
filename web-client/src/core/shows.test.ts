import { expect, test } from "vitest";

import { NOTHING_SHOWN, SETTLE_MS, shownPictures, showsStep, type Shows, type ShowsEvent } from "./shows";

function play(events: [atMs: number, event: ShowsEvent][]): { shows: Shows; sent: [number, number[]][] } {
  let shows = NOTHING_SHOWN;
  const sent: [number, number[]][] = [];
  for (const [atMs, event] of events) {
    const step = showsStep(shows, event, atMs);
    shows = step.shows;
    if (step.send?.type === "shows") sent.push([atMs, step.send.pictures.map((picture) => picture.width)]);
  }
  return { shows, sent };
}

const pictures = (...widths: number[]) => widths.map((width) => ({ width, height: 90 }));
const measured = (...widths: number[]): ShowsEvent => ({ kind: "measured", pictures: pictures(...widths) });
const tick: ShowsEvent = { kind: "tick" };

test("sizes are told in pixels of the screen, nothing for what has no place or is not looked at", () => {
  const sizes = [{ width: 640.4, height: 360 }, null, { width: 100_000, height: -1 }];
  expect(shownPictures(sizes, 1.5, true)).toEqual([{ width: 961, height: 540 }, { width: 0, height: 0 }, { width: 65_535, height: 0 }]);
  expect(shownPictures(sizes, 1.5, false)).toEqual([{ width: 0, height: 0 }, { width: 0, height: 0 }, { width: 0, height: 0 }]);
});

test("a window that is dragged is told about once it settles, at the latest every so often", () => {
  const { sent } = play([[0, measured(100)], [100, measured(200)], [200, measured(300)], [299, tick], [SETTLE_MS, tick], [400, measured(310)], [700, tick]]);
  expect(sent).toEqual([[SETTLE_MS, [300]], [700, [310]]]);
});

test("what is shown as before is not told again", () => {
  const { shows, sent } = play([[0, measured(100)], [300, tick], [400, measured(200)], [500, measured(100)], [900, tick]]);
  expect(sent).toEqual([[300, [100]]]);
  expect(shows.next).toBeNull();
});

test("another session is told everything, with what is measured until then", () => {
  const anew: ShowsEvent = { kind: "anew", pictures: pictures(100) };
  const { sent } = play([[0, measured(100)], [300, tick], [1000, anew], [1100, measured(100, 50)], [1300, tick], [1600, tick]]);
  expect(sent).toEqual([[300, [100]], [1300, [100, 50]]]);
});
