import { expect, test } from "vitest";

import { IDLE_LINE, lineStep, SILENCE_LIMIT_MS, WELCOME_LIMIT_MS, type Line, type LineEvent } from "./line";

/** Plays events at given times with chance 0.5; returns the last state and every effect with its time. */
function play(events: [atMs: number, event: LineEvent][]): { line: Line; effects: string[] } {
  let line = IDLE_LINE;
  const effects: string[] = [];
  for (const [atMs, event] of events) {
    const step = lineStep(line, event, atMs, 0.5);
    line = step.line;
    effects.push(...step.effects.map((effect) => `${atMs} ${effect}`));
  }
  return { line, effects };
}

const welcome: LineEvent = { kind: "heard", welcome: true };
const delta: LineEvent = { kind: "heard", welcome: false };
const tick: LineEvent = { kind: "tick" };

test("a welcome opens the line and each message keeps it open", () => {
  const { line, effects } = play([[0, { kind: "start" }], [80, welcome], [5000, delta], [20_000, tick]]);
  expect(line).toEqual({ kind: "open", heardMs: 5000 });
  expect(effects).toEqual(["0 open_socket"]);
});

test("three missed clocks end the line and it knocks again", () => {
  const end = 80 + SILENCE_LIMIT_MS;
  const { line, effects } = play([[0, { kind: "start" }], [80, welcome], [end, tick], [end + 374, tick], [end + 375, tick]]);
  expect(line.kind).toBe("connecting");
  expect(effects).toEqual(["0 open_socket", `${end} close_socket`, `${end + 375} open_socket`]);
});

test("each failed attempt waits longer, and a welcome forgets the failures", () => {
  const failed = play([[0, { kind: "start" }], [10, { kind: "closed" }], [1000, tick], [1010, { kind: "closed" }]]);
  expect(failed.line).toEqual({ kind: "waiting", attempt: 2, retryAtMs: 1010 + 1500 });
  const recovered = play([
    [0, { kind: "start" }], [10, { kind: "closed" }], [1000, tick], [1100, welcome], [9000, { kind: "closed" }],
  ]);
  expect(recovered.line).toEqual({ kind: "waiting", attempt: 0, retryAtMs: 9375 });
});

test("an attempt without a welcome is given up", () => {
  const { effects } = play([[0, { kind: "start" }], [WELCOME_LIMIT_MS, tick]]);
  expect(effects).toEqual(["0 open_socket", `${WELCOME_LIMIT_MS} close_socket`]);
});

test("a replaced page stays away until the person takes the lesson back", () => {
  const away = play([[0, { kind: "start" }], [10, welcome], [20, { kind: "replaced" }], [25, { kind: "closed" }], [90_000, tick]]);
  expect(away.line.kind).toBe("replaced");
  const back = lineStep(away.line, { kind: "take_back" }, 91_000, 0.5);
  expect(back.effects).toEqual(["open_socket"]);
});

test("a network that comes back is used at once", () => {
  const { effects } = play([[0, { kind: "start" }], [10, { kind: "closed" }], [50, { kind: "network_back" }]]);
  expect(effects).toEqual(["0 open_socket", "50 open_socket"]);
});

test("a socket of the network before is not waited for", () => {
  const back: LineEvent = { kind: "network_back" };
  expect(play([[0, { kind: "start" }], [80, welcome], [5000, back]])).toMatchObject({ line: { kind: "connecting", attempt: 0 }, effects: ["0 open_socket", "5000 open_socket"] });
  expect(play([[0, { kind: "start" }], [1000, back]]).effects).toEqual(["0 open_socket", "1000 open_socket"]);
  expect(play([[0, { kind: "start" }], [80, welcome], [90, { kind: "replaced" }], [95, back]]).line.kind).toBe("replaced");
});

test("a server that is started again is found within three seconds of it, whatever the dice say", () => {
  for (const dice of [0, 0.5, 0.999]) {
    for (let up = 500; up < 30_000; up += 700) {
      let line = lineStep({ kind: "open", heardMs: 0 }, { kind: "closed" }, 0, dice).line;
      let atMs = 0;
      while (!(line.kind === "connecting" && atMs >= up)) {
        atMs += 250;
        const event: LineEvent = line.kind === "connecting" ? { kind: "closed" } : tick;
        line = lineStep(line, event, atMs, dice).line;
      }
      expect(atMs - up, `up after ${up} ms, chance ${dice}`).toBeLessThanOrEqual(3000);
    }
  }
});
