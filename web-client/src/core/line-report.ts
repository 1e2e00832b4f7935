// How this page's line does, from two readings of its connections' counters: what goes to the server every few seconds.

import type { LineProtocol, LineReport, VideoCodec } from "./protocol";

/** The counters of one connection, as far as they matter here (W3C webrtc-stats); null where the browser does not tell. */
export type LineReading = {
  atMs: number;
  rttMs: number | null;
  protocol: LineProtocol | null;
  bytesUp: number;
  bytesDown: number;
  /** Packets of all that is received. */
  received: number;
  lost: number;
  /** Packets of all that is sent, and those that the other side missed, by its last report. */
  sent: number;
  sentLost: number | null;
  /** Packets that were sent once more because the other side asked for them. */
  sentAgain: number;
  /** The worst share of what is sent that the other side missed lately, 0 to 1. */
  upLost: number | null;
  /** What the browser takes its line up to carry, in bit/s. */
  upAvailable: number | null;
  jitterMs: number | null;
  /** Samples of sound, and those made up where there was something to hear. */
  samples: number;
  concealed: number;
  /** The largest picture that comes; null where none does. */
  main: { id: string; width: number; height: number; fps: number; frozenMs: number; codec: VideoCodec | null } | null;
};

/** Two readings of the same connection, the older first. */
export type LineSpan = { before: LineReading; now: LineReading };

/** Of all connections of the page together; null where there is none. */
export function lineReport(spans: readonly LineSpan[]): LineReport | null {
  const [first] = spans;
  if (first === undefined) return null;
  const { main } = spans.find(({ now }) => now.main !== null)?.now ?? first.now;
  const delta = (count: (reading: LineReading) => number): number =>
    spans.reduce((sum, { before, now }) => sum + Math.max(0, count(now) - count(before)), 0);
  const lost = delta((reading) => reading.lost);
  return {
    rtt_ms: worst(spans.map(({ now }) => now.rttMs)),
    up_kbps: rate(spans, (reading) => reading.bytesUp),
    down_kbps: rate(spans, (reading) => reading.bytesDown),
    up_lost_permille: worst(spans.map(({ now }) => (now.upLost === null ? null : now.upLost * 1000))),
    down_lost_permille: permille(lost, lost + delta((reading) => reading.received)),
    jitter_ms: worst(spans.map(({ now }) => now.jitterMs)),
    frozen_ms: Math.round(Math.max(0, ...spans.map(frozenOf))),
    concealed_permille: permille(delta((reading) => reading.concealed), delta((reading) => reading.samples)),
    protocol: spans.find(({ now }) => now.protocol !== null)?.now.protocol ?? null,
    width: Math.round(main?.width ?? 0), height: Math.round(main?.height ?? 0), fps: Math.round(main?.fps ?? 0),
    codec: main?.codec ?? null,
  };
}

function worst(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(0, Math.round(Math.max(...known)));
}

/** What is lost and what was made up both shrink at times, by what came after all. */
function permille(part: number, whole: number): number | null {
  return whole <= 0 ? null : Math.max(0, Math.min(1000, Math.round((part * 1000) / whole)));
}

/** Kilobits a second; null where no time has passed. */
function rate(spans: readonly LineSpan[], bytes: (reading: LineReading) => number): number | null {
  const rates = spans.filter(({ before, now }) => now.atMs > before.atMs)
    .map(({ before, now }) => (Math.max(0, bytes(now) - bytes(before)) * 8) / (now.atMs - before.atMs));
  return rates.length === 0 ? null : Math.round(rates.reduce((sum, each) => sum + each, 0));
}

/** A picture that took another's place has stood still for as long as it has been there at most. */
function frozenOf({ before, now }: LineSpan): number {
  if (now.main === null || now.main.id !== before.main?.id) return 0;
  return Math.max(0, now.main.frozenMs - before.main.frozenMs);
}

/** From 4 (nothing to complain of) to 1 (hardly usable); 0 is unknown. */
export type Bars = 0 | 1 | 2 | 3 | 4;

/** The worst of round trip, loss and standstill decides; half a second away or a tenth lost is felt by everyone. */
export function barsOf(report: LineReport | null): Bars {
  if (report === null) return 0;
  const lost = Math.max(report.up_lost_permille ?? 0, report.down_lost_permille ?? 0);
  const rtt = report.rtt_ms ?? 0;
  if (lost >= 100 || rtt >= 1000 || report.frozen_ms >= 2000) return 1;
  if (lost >= 50 || rtt >= 500 || report.frozen_ms >= 500) return 2;
  return lost >= 20 || rtt >= 250 ? 3 : 4;
}

/** 0.3, 1.2 or 15: as many digits as mean something. */
export function megabits(kbps: number): string {
  return kbps < 10_000 ? (kbps / 1000).toFixed(1) : String(Math.round(kbps / 1000));
}

/** Whole percent, with one digit below ten. */
export function percent(permille: number): string {
  return permille % 10 === 0 || permille >= 100 ? String(Math.round(permille / 10)) : (permille / 10).toFixed(1);
}
