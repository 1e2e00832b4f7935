// Time and chance, where the page may have them.

export function monotonicMs(): number {
  return performance.now();
}

export function chance(): number {
  return Math.random();
}

/** Returns how to stop. */
export function every(periodMs: number, tick: () => void): () => void {
  const timer = window.setInterval(tick, periodMs);
  return () => window.clearInterval(timer);
}

/** Returns how to call it off. */
export function after(delayMs: number, then: () => void): () => void {
  const timer = window.setTimeout(then, delayMs);
  return () => window.clearTimeout(timer);
}
