import { expect, test } from "vitest";

import type { LineReading } from "./line-report";
import { nextVoiceRate, WHOLE_VOICE, type VoiceRate } from "./voice-rate";

const reading = (change: Partial<LineReading>): LineReading => ({
  atMs: 0, rttMs: null, protocol: null, bytesUp: 0, bytesDown: 0, received: 0, lost: 0, sent: 0, sentLost: null, sentAgain: 0, upLost: null,
  upAvailable: null, jitterMs: null, samples: 0, concealed: 0, main: null, ...change,
});

/** After so many readings in which each hundred packets had so many sent again, or told lost. */
function after(rate: VoiceRate, readings: number, of: { again?: number; told?: number; available: number | null }): VoiceRate {
  const before = reading({ sent: 1000, sentAgain: 50 });
  const now = reading({ sent: 1100, sentAgain: 50 + (of.again ?? 0), upLost: of.told ?? null, upAvailable: of.available });
  return Array.from({ length: readings }).reduce<VoiceRate>((known) => nextVoiceRate(known, { before, now }), rate);
}

test("music is thinned where much is lost and the line up carries little", () => {
  expect(after(WHOLE_VOICE, 1, { again: 20, available: 201_000 }).isThinned).toBe(true);
  expect(after(WHOLE_VOICE, 1, { told: 0.2, available: 201_000 }).isThinned).toBe(true);
  expect(after(WHOLE_VOICE, 1, { again: 20, available: null }).isThinned).toBe(true);
});

test("a line up that loses and carries the music all the same has it whole, and so has one that only carries little", () => {
  expect(after(WHOLE_VOICE, 50, { again: 20, told: 0.2, available: 5_000_000 })).toEqual(WHOLE_VOICE);
  expect(after(WHOLE_VOICE, 50, { again: 1, available: 90_000 })).toEqual(WHOLE_VOICE);
});

test("thinned music is whole again after twenty calm seconds, whatever the line is taken to carry", () => {
  const thinned = after(WHOLE_VOICE, 1, { again: 20, available: 88_000 });
  expect(after(thinned, 9, { again: 1, available: 88_000 }).isThinned).toBe(true);
  expect(after(thinned, 10, { again: 1, available: 88_000 })).toEqual(WHOLE_VOICE);
  const almost = after(after(thinned, 9, { available: 88_000 }), 1, { again: 3, available: 2_000_000 });
  expect(after(almost, 9, { available: 2_000_000 }).isThinned).toBe(true);
});

test("a page that sends nothing loses nothing", () => {
  expect(nextVoiceRate(WHOLE_VOICE, { before: reading({}), now: reading({ upAvailable: 0 }) })).toEqual(WHOLE_VOICE);
});
