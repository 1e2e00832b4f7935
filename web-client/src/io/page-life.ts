// Moments in the life of a page: it goes away, its network comes back, its screen must stay lit.

/** Returns how to stop listening. */
export function onPageHide(leaving: () => void): () => void {
  window.addEventListener("pagehide", leaving);
  return () => window.removeEventListener("pagehide", leaving);
}

type Network = EventTarget & { type?: string };

/**
 * The network is there again, or is another one (where the browser tells: its other changes are mere estimates of speed).
 * Returns how to stop listening.
 */
export function onNetworkBack(back: () => void): () => void {
  const network = (navigator as { connection?: Network }).connection;
  let type = network?.type;
  const changed = (): void => {
    const before = type;
    type = network?.type;
    if (type !== before && type !== "none") back();
  };
  window.addEventListener("online", back);
  network?.addEventListener("change", changed);
  return () => {
    window.removeEventListener("online", back);
    network?.removeEventListener("change", changed);
  };
}

export function isVisible(): boolean {
  return document.visibilityState === "visible";
}

/** The page is looked at, or no more. Returns how to stop listening. */
export function onVisibility(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}

type WakeLock = { request: (type: "screen") => Promise<{ release: () => Promise<void> }> };

/** Keeps a classroom panel from dimming during a lesson, where the browser can. Returns how to let go. */
export function keepScreenLit(): () => void {
  const wakeLock = (navigator as { wakeLock?: WakeLock }).wakeLock;
  let release: (() => void) | null = null;
  let done = false;
  const ask = (): void => {
    if (document.visibilityState !== "visible" || done) return;
    wakeLock?.request("screen").then(
      (lock) => {
        release = () => void lock.release();
        if (done) release();
      },
      () => undefined,
    );
  };
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    done = true;
    document.removeEventListener("visibilitychange", ask);
    release?.();
  };
}
