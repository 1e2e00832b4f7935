import { expect, test } from "vitest";

import { isDown, MEDIA_OFF, mediaStep, NEGOTIATION_LIMIT_MS, type MediaEvent, type MediaLink, type TransportState } from "./media-link";

function play(events: [atMs: number, event: MediaEvent][]): { link: MediaLink; effects: string[] } {
  let link = MEDIA_OFF;
  const effects: string[] = [];
  for (const [atMs, event] of events) {
    const step = mediaStep(link, event, atMs, 0);
    link = step.link;
    effects.push(...step.effects.map((effect) => `${atMs} ${effect}`));
  }
  return { link, effects };
}

const transport = (state: TransportState): MediaEvent => ({ kind: "transport", state });
const tick: MediaEvent = { kind: "tick" };
const up: [number, MediaEvent][] = [[0, { kind: "want" }], [300, transport("connecting")], [500, transport("connected")]];

test("a wanted session is negotiated once and comes up", () => {
  const { link, effects } = play([...up, [600, { kind: "want" }]]);
  expect(link).toEqual({ kind: "up" });
  expect(effects).toEqual(["0 negotiate"]);
});

test("a short disconnection is waited out", () => {
  const { link, effects } = play([...up, [1000, transport("disconnected")], [3900, tick], [3950, transport("connected")]]);
  expect(link.kind).toBe("up");
  expect(effects).toEqual(["0 negotiate"]);
});

test("three seconds of disconnection redo the session", () => {
  const { effects } = play([...up, [1000, transport("disconnected")], [4000, tick], [4250, tick]]);
  expect(effects).toEqual(["0 negotiate", "4000 tear_down", "4250 negotiate"]);
});

test("a failed transport is redone without waiting for the three seconds", () => {
  const { link, effects } = play([...up, [1000, transport("failed")]]);
  expect(effects).toEqual(["0 negotiate", "1000 tear_down"]);
  expect(isDown(link)).toBe(true);
});

test("the line coming back cuts the wait short", () => {
  const { effects } = play([...up, [1000, transport("failed")], [1050, { kind: "line_back" }]]);
  expect(effects[effects.length - 1]).toBe("1050 negotiate");
});

test("a live session survives a signaling reconnect untouched", () => {
  const { effects } = play([...up, [9000, { kind: "line_back" }]]);
  expect(effects).toEqual(["0 negotiate"]);
});

test("negotiation that leads nowhere is given up and the waits grow", () => {
  const { link } = play([[0, { kind: "want" }], [NEGOTIATION_LIMIT_MS, tick], [13_000, tick], [13_001, { kind: "failed" }]]);
  expect(link).toEqual({ kind: "waiting", attempt: 2, retryAtMs: 13_501 });
});

test("a refusal is final until the session is asked for anew", () => {
  const { link, effects } = play([[0, { kind: "want" }], [50, { kind: "refused", problem: "/problems/forbidden" }], [60_000, tick]]);
  expect(link.kind).toBe("refused");
  expect(effects).toEqual(["0 negotiate", "50 tear_down"]);
  expect(mediaStep(link, { kind: "redo" }, 61_000, 0).effects).toEqual(["negotiate"]);
});

test("leaving tears down what is there and nothing else", () => {
  expect(play([...up, [900, { kind: "leave" }]]).effects).toEqual(["0 negotiate", "900 tear_down"]);
  expect(mediaStep(MEDIA_OFF, { kind: "leave" }, 0, 0).effects).toEqual([]);
});
