// Why there is nothing to play, so that the page can say it in a sentence.

import { problemKey, type Failure, type ProblemKey } from "../problems";
import type { RecordingState } from "../protocol";

export type Absence = "none" | "processing" | "not_recordable" | "failed";
export type WhyNot = { kind: "absent"; absence: Absence } | { kind: "problem"; problem: ProblemKey };

/** While a recording is only being made ready, the page asks again by itself. */
export const ASK_AGAIN_MS = 4000;

export function whyNot(failure: Failure, recording: RecordingState | null): WhyNot {
  const problem = problemKey(failure);
  return problem === "not_found" ? { kind: "absent", absence: absenceOf(recording) } : { kind: "problem", problem };
}

function absenceOf(recording: RecordingState | null): Absence {
  switch (recording) {
    case "recording":
    case "finished":
      return "processing";
    case "not_recordable":
      return "not_recordable";
    case "failed":
      return "failed";
    case "idle":
    case null:
      return "none";
  }
}
