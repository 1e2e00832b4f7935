// Which pictures a replay has, and what to play so that they are seen and heard.

import type { Playback, PlaybackTrack } from "../protocol";

/** A picture one can look at beside the program. */
export type ReplayView = {
  name: string;
  person: string;
  lead: boolean;
  slot: "camera" | "screen";
  source: Source;
  /** What it covers of the lesson, seconds. Everything runs on the lesson's one clock, so one time serves all. */
  fromS: number;
  toS: number;
  /** The main player shows it, and has the sound. */
  main: boolean;
};

/** What a player can be given: an HLS playlist, or lists of parts that are appended one by one. */
export type Source = HlsSource | { kind: "parts"; lists: string[] };

/** `compatible` is the same lesson without Opus, where it is made. */
export type HlsSource = { kind: "hls"; playlist: string; compatible?: string };

/** The whole lesson as one switched picture, its pictures side by side, or its sound alone. */
export type Mode = "program" | "views" | "sound";

/** The lead's camera first, then the courseware, then the classes; the first is what the main player shows. */
export function viewsOf(playback: Playback): ReplayView[] {
  const pictures = playback.tracks.filter((track) => track.slot === "camera" || track.slot === "screen");
  const sorted = [...pictures].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  return sorted.map((track, index) => ({
    name: track.name,
    person: track.person,
    lead: track.lead,
    slot: track.slot === "screen" ? "screen" : "camera",
    source: sourceOf(track),
    fromS: track.starts_at_ms / 1000,
    toS: playback.live ? Number.POSITIVE_INFINITY : (track.starts_at_ms + track.duration_ms) / 1000,
    main: index === 0,
  }));
}

function rank(track: PlaybackTrack): number {
  if (track.lead) return track.slot === "camera" ? 0 : 1;
  return track.slot === "camera" ? 2 : 3;
}

function sourceOf(track: PlaybackTrack): Source {
  return track.container === "webm" ? { kind: "parts", lists: [track.parts] } : { kind: "hls", playlist: track.playlist };
}

/** Whether a view has a picture at this moment. */
export function covers(view: ReplayView, timeS: number): boolean {
  return timeS >= view.fromS && timeS <= view.toS;
}

/** What the main player plays, which alone has the sound. */
export function mainSource(playback: Playback, mode: Mode): Source {
  if (mode === "sound") return withCompatible(playback.audio, playback);
  if (mode === "program" && playback.program) return withCompatible(playback.playlist, playback);
  const main = viewsOf(playback)[0];
  if (main === undefined) return { kind: "hls", playlist: playback.audio };
  if (main.source.kind === "hls") return { kind: "hls", playlist: playback.resource };
  return { kind: "parts", lists: [...main.source.lists, ...soundLists(playback)] };
}

/** What is made for old players is the program; where only its sound is wanted, its picture is not looked at. */
function withCompatible(playlist: string, { compatible }: Playback): HlsSource {
  return compatible === null ? { kind: "hls", playlist } : { kind: "hls", playlist, compatible };
}

/** Which of its playlists a player takes. Recordings have Opus, which iPhones before iOS 17 do not know in MP4. */
export function playlistFor(source: HlsSource, knowsOpus: boolean): string {
  return knowsOpus ? source.playlist : (source.compatible ?? source.playlist);
}

/** The mixed voice, else the lead's own. */
function soundLists(playback: Playback): string[] {
  const mixed = playback.tracks.find((track) => track.slot === "program");
  const sound = mixed ?? playback.tracks.find((track) => track.lead && track.slot === "voice");
  return sound === undefined ? [] : [sound.parts];
}

export function sameSource(a: Source, b: Source): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Before this there is a gap in which a player would wait for ever: both the lead's picture and voice have begun. */
export function opensAt(playback: Playback): number {
  const lead = playback.tracks.filter((track) => track.lead && track.slot !== "screen");
  return Math.max(0, ...lead.map((track) => track.starts_at_ms)) / 1000;
}
