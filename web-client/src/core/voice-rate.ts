// How much of the line up the music of a lesson takes. Sound is sent whatever the browser takes its line to carry: where much is
// lost and that is little, what was lost waits behind the sound itself to be sent again, for longer than listeners do.

import type { LineReading, LineSpan } from "./line-report";

export type VoiceRate = {
  isThinned: boolean;
  /** Readings in a row in which hardly anything was lost. */
  calm: number;
};

export const WHOLE_VOICE: VoiceRate = { isThinned: false, calm: 0 };
/** Of what is sent. */
const LOSSY = 0.05;
const CALM = 0.02;
/** Music, its thin second voice and what is sent of them again are half of this, in bit/s. */
const SHORT_BELOW_BPS = 400_000;
/** One comes every two seconds. */
const CALM_READINGS = 10;

export function nextVoiceRate({ isThinned, calm }: VoiceRate, span: LineSpan): VoiceRate {
  const lost = lostOf(span);
  const isShort = span.now.upAvailable === null || span.now.upAvailable < SHORT_BELOW_BPS;
  if (lost >= LOSSY && isShort) return { isThinned: true, calm: 0 };
  if (!isThinned || lost > CALM) return { isThinned, calm: 0 };
  return calm + 1 < CALM_READINGS ? { isThinned, calm: calm + 1 } : WHOLE_VOICE;
}

/** What the other side misses, and what it asked for again: of a voice that was mended it tells no loss. */
function lostOf({ before, now }: LineSpan): number {
  const delta = (count: (reading: LineReading) => number): number => Math.max(0, count(now) - count(before));
  const sent = delta((reading) => reading.sent);
  return Math.max(now.upLost ?? 0, sent === 0 ? 0 : delta((reading) => reading.sentAgain) / sent);
}
