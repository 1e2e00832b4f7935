// Media that flowed and stops all at once is the first sign of a line that is cut, or of a device that has another address
// now: a browser says 'disconnected' only some seconds later.

/** Sound comes fifty times a second: nothing for this long is silence. */
export const SILENT_MS = 1000;
/** What has not flowed for this long before is no flow that could stop. */
const STEADY_MS = 2000;
/** A lead that leaves, or a line that stalls again and again, is no reason to ask more often. */
export const AGAIN_MS = 10_000;

export type Silence = {
  /** Changes whenever something arrives. */
  mark: number;
  changedMs: number;
  /** Since when it flows without a gap; null while it does not. */
  flowsSinceMs: number | null;
  saidMs: number | null;
};

export const NO_SILENCE: Silence = { mark: 0, changedMs: 0, flowsSinceMs: null, saidMs: null };

/** `said` once, when a flow stops. */
export function silenceStep(silence: Silence, mark: number, nowMs: number): { silence: Silence; said: boolean } {
  if (mark !== silence.mark) {
    return { silence: { ...silence, mark, changedMs: nowMs, flowsSinceMs: silence.flowsSinceMs ?? nowMs }, said: false };
  }
  const { flowsSinceMs, changedMs, saidMs } = silence;
  if (flowsSinceMs === null || nowMs - changedMs < SILENT_MS) return { silence, said: false };
  const said = changedMs - flowsSinceMs >= STEADY_MS && (saidMs === null || nowMs - saidMs >= AGAIN_MS);
  return { silence: { ...silence, flowsSinceMs: null, saidMs: said ? nowMs : saidMs }, said };
}
