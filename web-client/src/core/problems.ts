// From the server's problem documents (RFC 9457) to the sentence a person reads.

import type { Problem } from "./protocol";

/** Why a request did not succeed. */
export type Failure =
  | { kind: "network" }
  | { kind: "problem"; problem: Problem }
  | { kind: "status"; status: number };

export type ProblemKey =
  | "network"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "not_open"
  | "ended"
  | "taken"
  | "codec"
  | "sdp"
  | "busy"
  | "expired"
  | "server"
  | "general";

/** The last part of `type` decides, by the words in it; the status is the fallback. */
export function problemKey(failure: Failure): ProblemKey {
  if (failure.kind === "network") return "network";
  const status = failure.kind === "problem" ? failure.problem.status : failure.status;
  const kind = failure.kind === "problem" ? failure.problem.type : "";
  return byType(kind) ?? byStatus(status);
}

const BY_WORD: [RegExp, ProblemKey][] = [
  [/codec/, "codec"],
  [/sdp|offer|bundle|media-type/, "sdp"],
  [/ended|over/, "ended"],
  [/not-open|doors|not-live|too-early/, "not_open"],
  [/taken|occupied|in-use|conflict/, "taken"],
  [/expired/, "expired"],
  [/unauthori[sz]ed|token/, "unauthorized"],
  [/forbidden|not-allowed|role/, "forbidden"],
  [/unknown|not-found|no-such|no-recording/, "not_found"],
  [/busy|limit|too-many|capacity/, "busy"],
];

function byType(kind: string): ProblemKey | null {
  return BY_WORD.find(([word]) => word.test(kind))?.[1] ?? null;
}

function byStatus(status: number): ProblemKey {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 410) return "ended";
  if (status === 429 || status === 503) return "busy";
  return status >= 500 ? "server" : "general";
}

/** Asking again without changing anything cannot help. */
export function isFinal(failure: Failure): boolean {
  const key = problemKey(failure);
  return key === "unauthorized" || key === "forbidden" || key === "codec" || key === "sdp" || key === "ended";
}

export function problemDetail(failure: Failure): string {
  return failure.kind === "problem" ? failure.problem.detail : "";
}
