// The signaling line of one lesson page: when to open the socket, when to give it up, when to knock again.
//
//   connecting --welcome--> open --silence, close--> waiting --time--> connecting
//        \--close--> waiting           \--replaced--> replaced --take_back--> connecting
//
// Times are monotonic milliseconds, chance is in [0, 1); both are arguments.

import { retryDelayMs } from "./backoff";

/** The server sends its clock every 5 s; three missed and a little grace mean the line is dead. */
export const SILENCE_LIMIT_MS = 16_000;
/** An attempt that brings no welcome in this time is given up: it may have been begun while the line was still cut. */
export const WELCOME_LIMIT_MS = 6000;

export type Line =
  | { kind: "idle" }
  | { kind: "connecting"; attempt: number; sinceMs: number }
  | { kind: "open"; heardMs: number }
  | { kind: "waiting"; attempt: number; retryAtMs: number }
  | { kind: "replaced" };

export type LineEvent =
  | { kind: "start" }
  | { kind: "stop" }
  | { kind: "heard"; welcome: boolean }
  | { kind: "closed" }
  | { kind: "replaced" }
  | { kind: "take_back" }
  | { kind: "network_back" }
  | { kind: "tick" };

export type LineEffect = "open_socket" | "close_socket";
export type LineStep = { line: Line; effects: LineEffect[] };

export const IDLE_LINE: Line = { kind: "idle" };

export function lineStep(line: Line, event: LineEvent, nowMs: number, chance: number): LineStep {
  switch (event.kind) {
    case "start":
      return line.kind === "idle" ? connect(0, nowMs) : stay(line);
    case "stop":
      return { line: IDLE_LINE, effects: line.kind === "idle" ? [] : ["close_socket"] };
    case "heard":
      return heard(line, event.welcome, nowMs);
    case "closed":
      return line.kind === "connecting" || line.kind === "open" ? wait(line, [], nowMs, chance) : stay(line);
    case "replaced":
      return { line: { kind: "replaced" }, effects: ["close_socket"] };
    case "take_back":
      return line.kind === "replaced" ? connect(0, nowMs) : stay(line);
    case "network_back":
      return networkBack(line, nowMs);
    case "tick":
      return tick(line, nowMs, chance);
  }
}

function stay(line: Line): LineStep {
  return { line, effects: [] };
}

function connect(attempt: number, nowMs: number): LineStep {
  return { line: { kind: "connecting", attempt, sinceMs: nowMs }, effects: ["open_socket"] };
}

/** A socket of the network before may look open for a long time and bring nothing. */
function networkBack(line: Line, nowMs: number): LineStep {
  switch (line.kind) {
    case "waiting":
    case "connecting":
      return connect(line.attempt, nowMs);
    case "open":
      return connect(0, nowMs);
    case "idle":
    case "replaced":
      return stay(line);
  }
}

function heard(line: Line, welcome: boolean, nowMs: number): LineStep {
  if (line.kind === "open" || (line.kind === "connecting" && welcome)) {
    return stay({ kind: "open", heardMs: nowMs });
  }
  return stay(line);
}

function wait(
  line: Extract<Line, { kind: "connecting" | "open" }>,
  effects: LineEffect[],
  nowMs: number,
  chance: number,
): LineStep {
  const attempt = line.kind === "connecting" ? line.attempt + 1 : 0;
  return { line: { kind: "waiting", attempt, retryAtMs: nowMs + retryDelayMs(attempt, chance) }, effects };
}

function tick(line: Line, nowMs: number, chance: number): LineStep {
  switch (line.kind) {
    case "idle":
    case "replaced":
      return stay(line);
    case "waiting":
      return nowMs >= line.retryAtMs ? connect(line.attempt, nowMs) : stay(line);
    case "connecting":
      return nowMs - line.sinceMs >= WELCOME_LIMIT_MS ? wait(line, ["close_socket"], nowMs, chance) : stay(line);
    case "open":
      return nowMs - line.heardMs >= SILENCE_LIMIT_MS ? wait(line, ["close_socket"], nowMs, chance) : stay(line);
  }
}
