// Playing recordings: hls.js where media source extensions exist, the browser's own HLS elsewhere, and parts appended one by
// one where HLS cannot carry the pictures. hls.js is fetched only when a replay page is opened. `canPlayType` is asked
// last: desktop Chromium says "maybe" and means no.

import type { ErrorData, HlsConfig, LevelDetails } from "hls.js";

import { playsParts } from "../core/replay/live-edge";
import { troubleOf, type Trouble } from "../core/replay/reopening";
import { playlistFor, type HlsSource, type Source } from "../core/replay/views";
import { attachParts } from "./parts-player";

export type Player = {
  destroy: () => void;
  /** Where a player that follows the running lesson would be; null once the recording is whole. */
  edgeS: () => number | null;
};

type Failed = (trouble: Trouble) => void;

/** `startS` null opens at the live edge, or at the beginning of a whole recording. */
export function attach(video: HTMLVideoElement, source: Source, startS: number | null, failed: Failed): Promise<Player> {
  if (source.kind === "parts") return Promise.resolve(attachParts(video, source.lists, startS, failed));
  return attachHls(video, source, startS, failed);
}

/** A growing playlist keeps everything since the lesson began, so nothing may hurry a watcher who rewound: we set the pace. */
const CONFIG: Partial<HlsConfig> = {
  maxBufferLength: 30, maxMaxBufferLength: 60, backBufferLength: 60, enableWorker: true, liveDurationInfinity: false, maxLiveSyncPlaybackRate: 1,
};

async function attachHls(video: HTMLVideoElement, source: HlsSource, startS: number | null, failed: Failed): Promise<Player> {
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) return attachNative(video, playlistFor(source, knowsOpus(video)), startS, failed);
  const hls = new Hls({ ...CONFIG, startPosition: startS ?? -1 });
  let mediaErrors = 0;
  const trouble = (data: ErrorData): Trouble => {
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) return troubleOf(data.response?.code ?? null);
    return data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ? "unsupported" : "media";
  };
  hls.on(Hls.Events.ERROR, (_event, data) => {
    const what = trouble(data);
    // The library goes on asking for what an expired address no longer gives.
    if (!data.fatal && what !== "expired") return;
    if (what === "media" && mediaErrors < 2) {
      mediaErrors += 1;
      hls.recoverMediaError();
      return;
    }
    failed(what);
  });
  const edgeS = (): number | null => edgeOf(hls.latestLevelDetails);
  // The library takes parts wherever some are listed, and leaves holes where it comes back to them: they are for the edge.
  const chooseParts = (): void => {
    hls.lowLatencyMode = playsParts(video.currentTime, edgeS());
  };
  // Before the library hears of it.
  video.addEventListener("seeking", chooseParts);
  hls.loadSource(source.playlist);
  hls.attachMedia(video);
  return {
    destroy: () => {
      video.removeEventListener("seeking", chooseParts);
      hls.destroy();
    },
    edgeS,
  };
}

/** Where one who follows the lesson plays, as the playlist asks: three parts from its end, or three segments. The lesson has gone
 * on since the playlist came. */
function edgeOf(details: LevelDetails | null): number | null {
  if (details === null || !details.live) return null;
  const holdBack = details.partHoldBack > 0 ? details.partHoldBack : 3 * details.targetduration;
  return Math.max(0, details.edge + Math.min(details.age, details.targetduration) - holdBack);
}

function knowsOpus(video: HTMLVideoElement): boolean {
  return video.canPlayType('audio/mp4; codecs="opus"') !== "";
}

function attachNative(video: HTMLVideoElement, playlist: string, startS: number | null, failed: Failed): Player {
  const nothing: Player = { destroy: () => undefined, edgeS: () => null };
  if (video.canPlayType("application/vnd.apple.mpegurl") === "") {
    failed("unsupported");
    return nothing;
  }
  const seek = (): void => {
    if (startS !== null && startS > 0) video.currentTime = startS;
  };
  const broken = (): void => failed(video.error?.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "media");
  video.addEventListener("loadedmetadata", seek, { once: true });
  video.addEventListener("error", broken);
  video.src = playlist;
  return {
    destroy: () => {
      video.removeEventListener("loadedmetadata", seek);
      video.removeEventListener("error", broken);
      video.removeAttribute("src");
      video.load();
    },
    edgeS: () => {
      if (Number.isFinite(video.duration) || video.seekable.length === 0) return null;
      return video.seekable.end(video.seekable.length - 1);
    },
  };
}
