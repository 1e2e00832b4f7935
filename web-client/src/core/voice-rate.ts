// How much of the line up the music of a lesson takes. Sound is sent whatever the browser takes its line to carry: where much is
// lost and that is little, what was lost waits behind the sound itself to be sent again, for longer than listeners do.

import type { LineReading, LineSpan } from "./line-report";

export type VoiceRate = {
  isThinned: boolean;
  /** Readings in a row that speak for the other. */
  turning: number;
};

export const WHOLE_VOICE: VoiceRate = { isThinned: false, turning: 0 };
/** Of all that is sent. */
const LOSSY = 0.05;
const CALM = 0.02;
/** Music, its thin second voice and what is sent of them again are half of this, in bit/s. */
const SHORT_BELOW_BPS = 400_000;
const AMPLE_FROM_BPS = 800_000;
/** One reading comes every two seconds. */
const THINNED_AFTER = 2;
const WHOLE_AFTER = 10;

export function nextVoiceRate({ isThinned, turning }: VoiceRate, span: LineSpan): VoiceRate {
  const lost = lostOf(span);
  const available = span.now.upAvailable;
  const isWorse = lost >= LOSSY && available !== null && available < SHORT_BELOW_BPS;
  const isBetter = lost <= CALM || (available !== null && available >= AMPLE_FROM_BPS);
  if (!(isThinned ? isBetter : isWorse)) return { isThinned, turning: 0 };
  const turned = turning + 1 >= (isThinned ? WHOLE_AFTER : THINNED_AFTER);
  return turned ? { isThinned: !isThinned, turning: 0 } : { isThinned, turning: turning + 1 };
}

/** What the other side missed, or asked for again: of a voice that was mended it tells no loss. */
function lostOf({ before, now }: LineSpan): number {
  const delta = (count: (reading: LineReading) => number): number => Math.max(0, count(now) - count(before));
  const lost = Math.max(delta((reading) => reading.sentLost ?? 0), delta((reading) => reading.sentAgain));
  const sent = delta((reading) => reading.sent);
  return sent === 0 ? 0 : lost / sent;
}
