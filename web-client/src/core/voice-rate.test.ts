import { expect, test } from "vitest";

import { readingWith as reading } from "./fixture";
import { nextVoiceRate, WHOLE_VOICE, type VoiceRate } from "./voice-rate";

/** After so many readings in which of each hundred packets so many were sent again, or told lost. */
function after(rate: VoiceRate, readings: number, of: { again?: number; lost?: number; available: number | null }): VoiceRate {
  const before = reading({ sent: 1000, sentAgain: 50, sentLost: 7 });
  const now = reading({ sent: 1100, sentAgain: 50 + (of.again ?? 0), sentLost: 7 + (of.lost ?? 0), upAvailable: of.available });
  return Array.from({ length: readings }).reduce<VoiceRate>((known) => nextVoiceRate(known, { before, now }), rate);
}
const THINNED = after(WHOLE_VOICE, 2, { again: 20, available: 88_000 });

test("music is thinned where much is lost and the line up carries little, twice in a row", () => {
  expect(THINNED.isThinned).toBe(true);
  expect(after(WHOLE_VOICE, 2, { lost: 20, available: 201_000 }).isThinned).toBe(true);
  const once = after(WHOLE_VOICE, 1, { again: 20, available: 201_000 });
  expect(once.isThinned).toBe(false);
  expect(after(after(once, 1, { available: 201_000 }), 1, { again: 20, available: 201_000 }).isThinned).toBe(false);
});

test("a line up that loses and carries the music all the same has it whole, and so has one that only carries little, or tells nothing of that", () => {
  expect(after(WHOLE_VOICE, 50, { again: 20, lost: 20, available: 5_000_000 })).toEqual(WHOLE_VOICE);
  expect(after(WHOLE_VOICE, 50, { again: 4, lost: 4, available: 90_000 })).toEqual(WHOLE_VOICE);
  expect(after(WHOLE_VOICE, 50, { again: 20, available: null })).toEqual(WHOLE_VOICE);
});

test("thinned music is whole again after twenty seconds in which little is lost, or in which the line carries much", () => {
  expect(after(THINNED, 9, { again: 1, available: 88_000 }).isThinned).toBe(true);
  expect(after(THINNED, 10, { again: 1, available: 88_000 })).toEqual(WHOLE_VOICE);
  expect(after(THINNED, 10, { again: 20, available: 2_000_000 })).toEqual(WHOLE_VOICE);
  const almost = after(after(THINNED, 9, { available: 88_000 }), 1, { again: 3, available: 88_000 });
  expect(after(almost, 9, { available: 88_000 }).isThinned).toBe(true);
});

test("a page that sends nothing loses nothing", () => {
  expect(nextVoiceRate(WHOLE_VOICE, { before: reading({}), now: reading({ upAvailable: 0 }) })).toEqual(WHOLE_VOICE);
});
