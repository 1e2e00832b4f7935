// Playing recordings: hls.js where media source extensions exist, the browser's own HLS elsewhere. hls.js is fetched
// only when a replay page is opened. `canPlayType` is asked last: desktop Chromium says "maybe" and means no.

export type PlayerTrouble = "network" | "media" | "unsupported";
export type Player = { destroy: () => void };

export async function attach(
  video: HTMLVideoElement,
  playlist: string,
  startS: number,
  failed: (trouble: PlayerTrouble) => void,
): Promise<Player> {
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) return attachNative(video, playlist, startS, failed);
  const hls = new Hls({ startPosition: startS, maxBufferLength: 20, backBufferLength: 60, enableWorker: true });
  let mediaErrors = 0;
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mediaErrors < 2) {
      mediaErrors += 1;
      hls.recoverMediaError();
      return;
    }
    failed(data.type === Hls.ErrorTypes.NETWORK_ERROR ? "network" : "media");
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return { destroy: () => hls.destroy() };
}

function attachNative(
  video: HTMLVideoElement,
  playlist: string,
  startS: number,
  failed: (trouble: PlayerTrouble) => void,
): Player {
  if (video.canPlayType("application/vnd.apple.mpegurl") === "") {
    failed("unsupported");
    return { destroy: () => undefined };
  }
  const seek = (): void => {
    if (startS > 0) video.currentTime = startS;
  };
  const broken = (): void => failed("media");
  video.addEventListener("loadedmetadata", seek, { once: true });
  video.addEventListener("error", broken);
  video.src = playlist;
  return {
    destroy: () => {
      video.removeEventListener("error", broken);
      video.removeAttribute("src");
      video.load();
    },
  };
}
