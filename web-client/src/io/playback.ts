// Putting a live track on a media element, and telling whether pictures really arrive.

/** Why sound did not start. */
export type SoundStart = "playing" | "needs_gesture" | "failed";

export async function play(element: HTMLMediaElement): Promise<SoundStart> {
  try {
    await element.play();
    return "playing";
  } catch (error) {
    return error instanceof DOMException && error.name === "NotAllowedError" ? "needs_gesture" : "failed";
  }
}

/** Shows the track, or nothing. The element keeps its stream while the track is the same, so nothing flickers. */
export function showTrack(element: HTMLMediaElement, track: MediaStreamTrack | null): void {
  const shown = element.srcObject instanceof MediaStream ? (element.srcObject.getTracks()[0] ?? null) : null;
  if (shown === track) return;
  element.srcObject = track === null ? null : new MediaStream([track]);
}

type FrameWatch = {
  requestVideoFrameCallback?: (frame: () => void) => number;
  cancelVideoFrameCallback?: (handle: number) => void;
};

/** Calls back for every picture shown; falls back to the slower `timeupdate`. Returns how to stop. */
export function onFrame(video: HTMLVideoElement, frame: () => void): () => void {
  const watch = video as unknown as FrameWatch;
  if (watch.requestVideoFrameCallback === undefined) {
    video.addEventListener("timeupdate", frame);
    return () => video.removeEventListener("timeupdate", frame);
  }
  let handle = 0;
  const next = (): void => {
    frame();
    handle = watch.requestVideoFrameCallback?.(next) ?? 0;
  };
  handle = watch.requestVideoFrameCallback(next);
  return () => watch.cancelVideoFrameCallback?.(handle);
}
