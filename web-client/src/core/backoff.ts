// How long to wait before knocking again. Half of each wait is drawn, so that the classes behind one line that
// comes back do not all knock in the same instant.

export const FIRST_RETRY_MS = 500;
export const LONGEST_RETRY_MS = 10_000;

/** `attempt` counts from 0; `chance` is in [0, 1). */
export function retryDelayMs(attempt: number, chance: number): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + chance / 2));
}
