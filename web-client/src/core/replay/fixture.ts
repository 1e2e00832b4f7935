// A recorded lesson for tests: the lead with camera, courseware and voice, and two classes.

import type { Playback, PlaybackTrack } from "../protocol";

export function trackOf(name: string, change: Partial<PlaybackTrack> = {}): PlaybackTrack {
  const slot = name.slice(name.lastIndexOf("-") + 1);
  const participant = name.slice(0, name.lastIndexOf("-"));
  return {
    name, participant, person: participant.replace("point-", "Point "), lead: participant === "master", slot, container: "mp4",
    playlist: `t/${name}/track.m3u8`, parts: `t/${name}/parts.json`, starts_at_ms: 0, duration_ms: 60_000, ...change,
  };
}

export function playbackWith(change: Partial<Playback> = {}): Playback {
  return {
    playlist: "program.m3u8", resource: "resource.m3u8", program: true, live: false, audio: "audio.m3u8", chapters: "chapters.vtt",
    download: null, thumbnails: null, compatible: null, showcase: null, expires_at: 0,
    tracks: [
      trackOf("point-10-camera"),
      trackOf("point-1-camera", { starts_at_ms: 9000 }),
      trackOf("master-voice", { starts_at_ms: 1000, duration_ms: 90_000 }),
      trackOf("master-screen", { starts_at_ms: 31_000, duration_ms: 20_000 }),
      trackOf("master-camera", { starts_at_ms: 1000, duration_ms: 90_000 }),
    ],
    ...change,
  };
}
