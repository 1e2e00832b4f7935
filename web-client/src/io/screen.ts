// The lead's screen as courseware.

import type { PictureAsk } from "../core/capture";

export type ScreenShare = { track: MediaStreamTrack; stop: () => void };

/** Null when the teacher closes the browser's chooser; `ended` fires when it is stopped from the browser's own bar. */
export async function shareScreen(picture: PictureAsk, ended: () => void): Promise<ScreenShare | null> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: {
        width: { max: picture.width }, height: { max: picture.height }, frameRate: { ideal: picture.frameRate, max: 15 },
      },
      audio: false,
    });
    const track = stream.getVideoTracks()[0];
    if (track === undefined) return null;
    track.onended = ended;
    return { track, stop: () => stopQuietly(track) };
  } catch {
    return null;
  }
}

export function canShareScreen(): boolean {
  const devices = (navigator as { mediaDevices?: Partial<MediaDevices> }).mediaDevices;
  return devices?.getDisplayMedia !== undefined;
}

function stopQuietly(track: MediaStreamTrack): void {
  track.onended = null;
  track.stop();
}
