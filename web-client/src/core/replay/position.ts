// Where the replay stands: skipping, resuming where it was left, and keeping a second picture in step with the first.

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;
export const SKIP_S = 10;

/** The part of the recording that can be played. */
export type Span = { fromS: number; toS: number };

export function skipped(timeS: number, byS: number, span: Span): number {
  return Math.max(span.fromS, Math.min(timeS + byS, span.toS - 0.1));
}

/** Within the last moments a lesson starts over instead of resuming at its end. */
export function resumeAt(savedS: number | null, durationS: number): number {
  return savedS === null || savedS < 5 || savedS > durationS - 15 ? 0 : savedS;
}

/** Closer than this to the main player a second picture is left alone: people do not see it. */
const IN_STEP_S = 0.04;
/** Up to this it is led back by its speed, without a visible jump; beyond, it is moved. */
const LED_BACK_S = 0.6;
/** How much faster or slower it may then run: noticed by nobody, for it has no sound. */
const LEAD_BACK = 0.08;

export type Step = { kind: "run"; rate: number } | { kind: "move"; toS: number };

/** What a second picture at `ownS` does so that it shows what the main player shows at `wantedS`, running at `rate`. */
export function followed(ownS: number, wantedS: number, rate: number): Step {
  const ahead = ownS - wantedS;
  if (Math.abs(ahead) > LED_BACK_S * Math.max(1, rate)) return { kind: "move", toS: wantedS };
  if (Math.abs(ahead) <= IN_STEP_S) return { kind: "run", rate };
  return { kind: "run", rate: rate * (ahead > 0 ? 1 - LEAD_BACK : 1 + LEAD_BACK) };
}
