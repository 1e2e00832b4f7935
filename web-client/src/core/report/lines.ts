// How a line did over a lesson: one colour a minute, and the figures of all minutes.

import { barsOf, type Bars } from "../line-report";
import type { LineMinute, LineReport, ParticipantLine, Spread } from "../protocol";

/** A page reports every five seconds. */
const REPORTS_A_MINUTE = 12;

export type LineSummary = {
  rttMs: { usual: number; worst: number } | null;
  /** Permille, the worse of both directions. */
  lost: { usual: number; worst: number } | null;
  upKbps: number | null;
  downKbps: number | null;
  frozenS: number;
};

export function minuteBars(minute: LineMinute): Bars {
  return barsOf({
    ...NOTHING, rtt_ms: minute.rtt_ms?.avg ?? null, up_lost_permille: minute.up_lost_permille?.avg ?? null,
    down_lost_permille: minute.down_lost_permille?.avg ?? null, frozen_ms: minute.frozen_ms / REPORTS_A_MINUTE,
  });
}

export function lineSummary({ minutes }: Pick<ParticipantLine, "minutes">): LineSummary {
  const [up, down] = [minutes.map((minute) => minute.up_lost_permille), minutes.map((minute) => minute.down_lost_permille)];
  const lost = [over(up), over(down)].filter((each) => each !== null);
  return {
    rttMs: over(minutes.map((minute) => minute.rtt_ms)),
    lost: lost.length === 0 ? null : { usual: Math.max(...lost.map((each) => each.usual)), worst: Math.max(...lost.map((each) => each.worst)) },
    upKbps: over(minutes.map((minute) => minute.up_kbps))?.usual ?? null,
    downKbps: over(minutes.map((minute) => minute.down_kbps))?.usual ?? null,
    frozenS: Math.round(minutes.reduce((sum, minute) => sum + minute.frozen_ms, 0) / 1000),
  };
}

function over(spreads: (Spread | null)[]): { usual: number; worst: number } | null {
  const known = spreads.filter((spread) => spread !== null);
  if (known.length === 0) return null;
  const sum = known.reduce((total, spread) => total + spread.avg, 0);
  return { usual: Math.round(sum / known.length), worst: Math.max(...known.map((spread) => spread.max)) };
}

const NOTHING: LineReport = {
  rtt_ms: null, up_kbps: null, down_kbps: null, up_lost_permille: null, down_lost_permille: null, jitter_ms: null, frozen_ms: 0,
  concealed_permille: null, protocol: null, width: 0, height: 0, fps: 0, codec: null,
};
