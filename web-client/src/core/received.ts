// What this page has really decoded since it was loaded, added up for the ledger. The sum never goes down: a connection that is
// made anew begins at nothing, so what the one before it brought is kept.

import type { ClientMessage } from "./protocol";

/** One `inbound-rtp` report of the receiving connection (W3C webrtc-stats), as far as it counts here. */
export type StreamReport = {
  id: string;
  framesDecoded: number;
  /** Audio samples, per channel, among them concealed ones. */
  samples: number;
  concealed: number;
  /** Concealed where there was nothing to hear. */
  silent: number;
  /** Samples a second; 0 for pictures. */
  clockRate: number;
};

export type Received = { frames: number; soundMs: number; concealedMs: number };

export type Tally = {
  /** Of connections that are gone. */
  before: Received;
  /** Which connection `streams` are of, by its number since the page was loaded. */
  connection: number;
  streams: ReadonlyMap<string, Received>;
};

const NOTHING: Received = { frames: 0, soundMs: 0, concealedMs: 0 };
export const EMPTY_TALLY: Tally = { before: NOTHING, connection: 0, streams: new Map() };

/** A reading that comes late, of a connection that is already gone, is not counted again. */
export function tallied(tally: Tally, connection: number, reports: readonly StreamReport[]): Tally {
  if (connection < tally.connection) return tally;
  const same = connection === tally.connection;
  const streams = new Map(same ? tally.streams : []);
  for (const report of reports) {
    const known = streams.get(report.id) ?? NOTHING;
    const now = readingOf(report);
    streams.set(report.id, {
      frames: Math.max(known.frames, now.frames),
      soundMs: Math.max(known.soundMs, now.soundMs),
      concealedMs: Math.max(known.concealedMs, now.concealedMs),
    });
  }
  return { before: same ? tally.before : receivedOf(tally), connection, streams };
}

export function receivedOf(tally: Tally): Received {
  return [...tally.streams.values()].reduce(plus, tally.before);
}

export function receivedMessage(tally: Tally): ClientMessage {
  const all = receivedOf(tally);
  return {
    type: "received",
    frames_decoded: Math.floor(all.frames), sound_ms: Math.floor(all.soundMs), concealed_ms: Math.floor(all.concealedMs),
  };
}

function readingOf(report: StreamReport): Received {
  const msOf = (samples: number): number => (report.clockRate > 0 ? (Math.max(0, samples) * 1000) / report.clockRate : 0);
  return { frames: report.framesDecoded, soundMs: msOf(report.samples), concealedMs: msOf(report.concealed - report.silent) };
}

function plus(one: Received, other: Received): Received {
  return {
    frames: one.frames + other.frames, soundMs: one.soundMs + other.soundMs, concealedMs: one.concealedMs + other.concealedMs,
  };
}
