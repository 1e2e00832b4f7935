// Arithmetic of the replay page: which views there are, where the time line stands, where to go on.

import type { ParticipantId, Playback, PlaybackTrack } from "./protocol";

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;
export const SKIP_S = 10;
/** Two views of one moment may differ by this much before one is moved. */
export const SYNC_LIMIT_S = 0.35;

/** A picture one can look at. The lead's camera comes with the voices in the main playlist. */
export type ReplayView = {
  name: string;
  participant: ParticipantId;
  slot: "camera" | "screen";
  playlist: string;
  /** What to add to the main player's time to be at the same moment in this track's own playlist, seconds. */
  offsetS: number;
  durationS: number;
  main: boolean;
};

/** The lead's camera first, then the courseware, then the classes; the first is what the main playlist shows. */
export function viewsOf(playback: Playback): ReplayView[] {
  const pictures = playback.tracks.filter((track) => track.slot === "camera" || track.slot === "screen");
  const sorted = [...pictures].sort((a, b) => rank(a) - rank(b));
  const origin = sorted[0]?.starts_at_ms ?? 0;
  return sorted.map((track, index) => ({
    name: track.name,
    participant: track.participant,
    slot: track.slot === "screen" ? "screen" : "camera",
    playlist: track.playlist,
    offsetS: (origin - track.starts_at_ms) / 1000,
    durationS: track.duration_ms / 1000,
    main: index === 0,
  }));
}

function rank(track: PlaybackTrack): number {
  const lead = track.name.startsWith("master") || track.participant.startsWith("master");
  if (lead) return track.slot === "camera" ? 0 : 1;
  return track.slot === "camera" ? 2 : 3;
}

/** Where a second view must be now: null while its own recording does not cover the moment. */
export function viewTime(view: ReplayView, mainTimeS: number): number | null {
  const time = mainTimeS + view.offsetS;
  return time < 0 || time > view.durationS ? null : time;
}

export function skipped(timeS: number, byS: number, durationS: number): number {
  return Math.min(Math.max(0, timeS + byS), Math.max(0, durationS - 0.1));
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
