// Arithmetic of the replay page: which views there are, where the time line stands, where to go on.

import type { Playback, PlaybackTrack } from "./protocol";

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;
export const SKIP_S = 10;
/** Two views of one moment may differ by this much before one is moved. */
export const SYNC_LIMIT_S = 0.35;

/** A picture one can look at. The lead's camera comes with the voices in the main playlist. */
export type ReplayView = {
  name: string;
  person: string;
  lead: boolean;
  slot: "camera" | "screen";
  playlist: string;
  /** What it covers of the lesson, seconds. Every playlist runs on the lesson's clock, so one time serves all. */
  fromS: number;
  toS: number;
  main: boolean;
};

/** The lead's camera first, then the courseware, then the classes; the first is what the main playlist shows. */
export function viewsOf(playback: Playback): ReplayView[] {
  const pictures = playback.tracks.filter((track) => track.slot === "camera" || track.slot === "screen");
  const sorted = [...pictures].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  return sorted.map((track, index) => ({
    name: track.name,
    person: track.person,
    lead: track.lead,
    slot: track.slot === "screen" ? "screen" : "camera",
    playlist: track.playlist,
    fromS: track.starts_at_ms / 1000,
    toS: (track.starts_at_ms + track.duration_ms) / 1000,
    main: index === 0,
  }));
}

function rank(track: PlaybackTrack): number {
  if (track.lead) return track.slot === "camera" ? 0 : 1;
  return track.slot === "camera" ? 2 : 3;
}

/** Whether a view has a picture at this moment. */
export function covers(view: ReplayView, timeS: number): boolean {
  return timeS >= view.fromS && timeS <= view.toS;
}

/** Before this there is a gap in which a player would wait for ever: both the lead's picture and voice have begun. */
export function opensAt(playback: Playback): number {
  const lead = playback.tracks.filter((track) => track.lead && track.slot !== "screen");
  return Math.max(0, ...lead.map((track) => track.starts_at_ms)) / 1000;
}

/** The part of the recording that can be played. */
export type Span = { fromS: number; toS: number };

export function skipped(timeS: number, byS: number, span: Span): number {
  return Math.max(span.fromS, Math.min(timeS + byS, span.toS - 0.1));
}

/** Within the last moments a lesson starts over instead of resuming at its end. */
export function resumeAt(savedS: number | null, durationS: number): number {
  return savedS === null || savedS < 5 || savedS > durationS - 15 ? 0 : savedS;
}

export type PlayerKey = { kind: "toggle" } | { kind: "skip"; byS: number } | { kind: "mute" } | { kind: "fullscreen" };

export function playerKey(key: string): PlayerKey | null {
  switch (key) {
    case " ":
    case "k":
      return { kind: "toggle" };
    case "ArrowRight":
      return { kind: "skip", byS: SKIP_S };
    case "ArrowLeft":
      return { kind: "skip", byS: -SKIP_S };
    case "m":
      return { kind: "mute" };
    case "f":
      return { kind: "fullscreen" };
    default:
      return null;
  }
}
