// The server's wall clock as this page knows it. The box's own clock may be years off and is never shown.

import type { UtcMs } from "./protocol";

/** Server time minus the page's monotonic time; null until the server first told its time. */
export type ServerClock = { offsetMs: number } | null;

/** Beyond this a new reading is a corrected server clock, not a slower message. */
const STEP_MS = 1000;

/**
 * A message can only arrive late, never early, so of two close readings the greater offset is nearer the truth.
 */
export function clockHeard(clock: ServerClock, serverTime: UtcMs, monotonicMs: number): ServerClock {
  const offsetMs = serverTime - monotonicMs;
  if (clock === null || Math.abs(offsetMs - clock.offsetMs) > STEP_MS) return { offsetMs };
  return offsetMs > clock.offsetMs ? { offsetMs } : clock;
}

export function serverNow(clock: ServerClock, monotonicMs: number): UtcMs | null {
  return clock === null ? null : monotonicMs + clock.offsetMs;
}
