import { expect, test } from "vitest";

import {
  isDown, isUp, KEPT_MS, MEDIA_OFF, MENDED_LIMIT_MS, mediaStep, NEGOTIATION_LIMIT_MS, type MediaEvent, type MediaLink, type TransportState,
} from "./media-link";

function play(events: [atMs: number, event: MediaEvent][], from: MediaLink = MEDIA_OFF): { link: MediaLink; effects: string[] } {
  let link = from;
  const effects: string[] = [];
  for (const [atMs, event] of events) {
    const step = mediaStep(link, event, atMs, 0);
    link = step.link;
    effects.push(...step.effects.map((effect) => `${atMs} ${effect}`));
  }
  return { link, effects };
}

/** Ticks as the page does, until `toMs`. */
const ticks = (fromMs: number, toMs: number): [number, MediaEvent][] =>
  Array.from({ length: Math.ceil((toMs - fromMs) / 250) }, (_, index) => [fromMs + index * 250, tick]);
const transport = (state: TransportState): MediaEvent => ({ kind: "transport", state });
const tick: MediaEvent = { kind: "tick" };
const up: [number, MediaEvent][] = [[0, { kind: "want" }], [300, transport("connecting")], [500, transport("connected")]];
const UP: MediaLink = { kind: "up" };

test("a wanted session is negotiated once and comes up", () => {
  const { link, effects } = play([...up, [600, { kind: "want" }]]);
  expect(link).toEqual(UP);
  expect(effects).toEqual(["0 negotiate"]);
});

test("a short disconnection is waited out and told", () => {
  expect(isDown(play([[1000, transport("disconnected")]], UP).link)).toBe(true);
  const { link, effects } = play([[1000, transport("disconnected")], [2400, tick], [2450, transport("connected")]], UP);
  expect(link).toEqual(UP);
  expect(effects).toEqual([]);
});

test("a second and a half of disconnection restarts ICE and keeps the session", () => {
  const { link, effects } = play([[1000, transport("disconnected")], [2500, tick], [2700, { kind: "mended" }], [2900, transport("connected")]], UP);
  expect(effects).toEqual(["2500 mend"]);
  expect(link).toEqual(UP);
});

test("a line that is cut for ten seconds keeps its session and is back as soon as the browser says so", () => {
  const events: [number, MediaEvent][] = [
    [0, transport("disconnected")], ...ticks(250, 1750), [6500, { kind: "unreachable" }], ...ticks(6750, 7750), [8000, transport("connected")],
  ];
  const { link, effects } = play(events, UP);
  expect(effects).toEqual(["1500 mend", "7500 mend"]);
  expect(link).toEqual(UP);
  expect(play([[12_100, { kind: "mended" }]], link)).toEqual({ link: UP, effects: [] });
});

test("a restart that was not answered is asked for again when the line is back by itself, for it may have been heard", () => {
  const cut: [number, MediaEvent][] = [[0, transport("disconnected")], [1500, tick]];
  expect(play([...cut, [2000, transport("connected")], [6500, { kind: "unreachable" }], [6600, { kind: "mended" }]], UP)).toEqual({ link: UP, effects: ["1500 mend", "6500 mend"] });
  const late = play([...cut, [6500, { kind: "unreachable" }], [6600, transport("connected")]], UP);
  expect(late.effects).toEqual(["1500 mend", "6600 mend"]);
  expect([isUp(late.link), isDown(late.link)]).toEqual([true, false]);
  expect(play([[0, transport("disconnected")], [1000, transport("connected")]], UP).effects).toEqual([]);
});

test("sound and picture that flow are never torn down because the server does not answer", () => {
  const silent: [number, MediaEvent][] = ticks(250, KEPT_MS + 3000).flatMap(([atMs, event]) => [[atMs, event], [atMs + 100, { kind: "unreachable" }]]);
  const { link, effects } = play([[0, { kind: "network_back" }], ...silent.slice(0, 2 * 4 * 31)], UP);
  expect(effects.filter((effect) => !effect.endsWith("mend"))).toEqual([]);
  expect(isUp(link)).toBe(true);
});

test("what the server has forgotten is negotiated anew at once, without taking leave of it", () => {
  expect(play([[0, transport("disconnected")], [1500, tick], [1700, { kind: "gone" }]], UP).effects).toEqual(["1500 mend", "1700 forget", "1700 negotiate"]);
});

test("a session that stays away after mending is done anew after five seconds, or when the browser gives up", () => {
  const mended: [number, MediaEvent][] = [[0, transport("disconnected")], [1500, tick], [1700, { kind: "mended" }]];
  const late = 1700 + MENDED_LIMIT_MS;
  expect(play([...mended, [late - 1, tick], [late, tick]], UP).effects).toEqual(["1500 mend", `${late} tear_down`, `${late} negotiate`]);
  expect(play([...mended, [2000, transport("failed")]], UP).effects).toEqual(["1500 mend", "2000 tear_down", "2000 negotiate"]);
});

test("a session is given up when the server has forgotten it for want of any sign", () => {
  const unreachable: [number, MediaEvent][] = ticks(250, KEPT_MS + 1).flatMap(([atMs, event]) => [[atMs, event], [atMs + 100, { kind: "unreachable" }]]);
  const { link, effects } = play([[0, transport("disconnected")], ...unreachable], UP);
  expect(link.kind).toBe("waiting");
  expect(effects[effects.length - 1]).toBe(`${KEPT_MS} tear_down`);
  expect(effects.filter((effect) => effect.endsWith("mend")).length).toBeGreaterThan(20);
});

test("an attempt to mend that is never answered is made again", () => {
  expect(play([[0, transport("disconnected")], ...ticks(250, 12_000)], UP).effects).toEqual(["1500 mend", "10500 mend"]);
});

test("a transport that the browser gave up is mended at once, before there was time to ask and after", () => {
  expect(play([[1000, transport("failed")]], UP).effects).toEqual(["1000 mend"]);
  expect(play([[1000, transport("disconnected")], [1200, transport("failed")]], UP).effects).toEqual(["1200 mend"]);
  expect(play([[0, transport("disconnected")], [1500, tick], [1600, transport("failed")]], UP).effects).toEqual(["1500 mend"]);
});

test("another network is used at once, while sound and picture may still flow", () => {
  const begun = play([[1000, { kind: "network_back" }]], UP);
  expect(begun.effects).toEqual(["1000 mend"]);
  expect([isUp(begun.link), isDown(begun.link)]).toEqual([true, false]);
  expect(play([[1100, { kind: "mended" }]], begun.link).link).toEqual(UP);
  const down = play([[1050, transport("disconnected")], [1100, { kind: "mended" }]], begun.link);
  expect([down.link.kind, isDown(down.link)]).toEqual(["mending", true]);
  expect(play([[1100, { kind: "unreachable" }], [2100, tick]], begun.link).effects).toEqual(["2100 mend"]);
});

test("a signaling line that is back asks whether the server still knows the session", () => {
  expect(play([[9000, { kind: "line_back" }]], UP)).toEqual({ link: UP, effects: ["9000 check"] });
  expect(play([[9000, { kind: "line_back" }], [9020, { kind: "gone" }]], UP).effects).toEqual(["9000 check", "9020 forget", "9020 negotiate"]);
  expect(play([[9000, { kind: "line_back" }], [9020, { kind: "stale" }]], UP).effects).toEqual(["9000 check", "9020 mend"]);
});

test("the line coming back cuts every wait short", () => {
  const back: MediaEvent = { kind: "line_back" };
  expect(play([[1000, transport("disconnected")], [1200, back]], UP).effects).toEqual(["1200 mend"]);
  expect(play([[1000, transport("disconnected")], [2500, tick], [3000, back], [4500, back]], UP).effects).toEqual(["2500 mend", "4500 mend"]);
  expect(play([[1000, { kind: "failed" }], [1050, back]], UP).effects).toEqual(["1000 tear_down", "1050 negotiate"]);
  expect(play([[0, { kind: "want" }], [500, back], [3000, back]]).effects).toEqual(["0 negotiate", "3000 tear_down", "3000 negotiate"]);
});

test("negotiation that leads nowhere is given up and the waits grow", () => {
  const { link } = play([[0, { kind: "want" }], [NEGOTIATION_LIMIT_MS, tick], [13_000, tick], [13_001, { kind: "failed" }]]);
  expect(link).toEqual({ kind: "waiting", attempt: 2, retryAtMs: 13_501 });
  expect(play([[0, { kind: "want" }], [100, transport("failed")]]).effects).toEqual(["0 negotiate", "100 tear_down"]);
});

test("a refusal is final until the session is asked for anew", () => {
  const { link, effects } = play([[0, { kind: "want" }], [50, { kind: "refused", problem: "/problems/forbidden" }], [60_000, tick]]);
  expect(link.kind).toBe("refused");
  expect(effects).toEqual(["0 negotiate", "50 tear_down"]);
  expect(mediaStep(link, { kind: "redo" }, 61_000, 0).effects).toEqual(["negotiate"]);
});

test("leaving tears down what is there and nothing else", () => {
  expect(play([...up, [900, { kind: "leave" }]]).effects).toEqual(["0 negotiate", "900 tear_down"]);
  expect(play([[0, transport("disconnected")], [1500, tick], [1600, { kind: "leave" }], [1700, { kind: "gone" }]], UP).effects).toEqual(["1500 mend", "1600 tear_down"]);
  expect(mediaStep(MEDIA_OFF, { kind: "leave" }, 0, 0).effects).toEqual([]);
});
