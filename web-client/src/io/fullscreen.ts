// The whole screen for the player. On iPhones only a video element can have it.

type PhoneVideo = { webkitEnterFullscreen?: () => void };

export function toggleFullscreen(player: HTMLElement, video: HTMLVideoElement): void {
  if (document.fullscreenElement !== null) {
    void document.exitFullscreen();
    return;
  }
  const whole = (player as { requestFullscreen?: () => Promise<void> }).requestFullscreen;
  if (whole === undefined) (video as PhoneVideo).webkitEnterFullscreen?.();
  else whole.call(player).catch(() => undefined);
}
