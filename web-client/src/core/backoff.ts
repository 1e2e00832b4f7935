// How long to wait before knocking again. Half of each wait is drawn, so that the classes behind one line that
// comes back do not all knock in the same instant.

export const FIRST_RETRY_MS = 500;
/** For at least half a minute the waits stay this short: a server that is started again has its lessons back within seconds. */
export const EAGER_RETRY_MS = 2000;
const EAGER_ATTEMPTS = 30;
export const LONGEST_RETRY_MS = 10_000;

/** `attempt` counts from 0; `chance` is in [0, 1). */
export function retryDelayMs(attempt: number, chance: number): number {
  const eager = Math.min(EAGER_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 16));
  const late = Math.min(LONGEST_RETRY_MS, EAGER_RETRY_MS * 2 ** Math.min(attempt - EAGER_ATTEMPTS + 1, 16));
  return Math.round((attempt < EAGER_ATTEMPTS ? eager : late) * (0.5 + chance / 2));
}
