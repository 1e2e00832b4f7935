// One media session (publishing or receiving) of a lesson page: when to negotiate, when to tear down and do it anew.
// A session is never mended in place: WHIP and WHEP are cheap, and the lesson's state comes back from the snapshot.

import { retryDelayMs } from "./backoff";

/** A connection may say 'disconnected' for a moment and recover by itself; longer than this it is redone. */
export const SHAKY_LIMIT_MS = 3000;
/** Negotiation, ICE and DTLS together; more than this and it is tried anew. */
export const NEGOTIATION_LIMIT_MS = 12_000;

export type MediaLink =
  | { kind: "off" }
  | { kind: "negotiating"; attempt: number; sinceMs: number }
  | { kind: "up" }
  | { kind: "shaky"; sinceMs: number }
  | { kind: "waiting"; attempt: number; retryAtMs: number }
  /** The server said no in a way that asking again does not change. */
  | { kind: "refused"; problem: string };

export type TransportState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

export type MediaEvent =
  | { kind: "want" }
  | { kind: "leave" }
  | { kind: "transport"; state: TransportState }
  | { kind: "failed" }
  | { kind: "refused"; problem: string }
  | { kind: "line_back" }
  | { kind: "redo" }
  | { kind: "tick" };

export type MediaEffect = "negotiate" | "tear_down";
export type MediaStep = { link: MediaLink; effects: MediaEffect[] };

export const MEDIA_OFF: MediaLink = { kind: "off" };

export function mediaStep(link: MediaLink, event: MediaEvent, nowMs: number, chance: number): MediaStep {
  switch (event.kind) {
    case "want":
      return link.kind === "off" ? negotiate(0, nowMs, []) : stay(link);
    case "leave":
      return { link: MEDIA_OFF, effects: holdsSession(link) ? ["tear_down"] : [] };
    case "transport":
      return transport(link, event.state, nowMs, chance);
    case "failed":
      return holdsSession(link) ? retry(link, nowMs, chance) : stay(link);
    case "refused":
      return { link: { kind: "refused", problem: event.problem }, effects: holdsSession(link) ? ["tear_down"] : [] };
    case "line_back":
      return lineBack(link, nowMs);
    case "redo":
      return link.kind === "off" ? stay(link) : negotiate(0, nowMs, holdsSession(link) ? ["tear_down"] : []);
    case "tick":
      return tick(link, nowMs, chance);
  }
}

/** Whether the page should tell people that sound and picture are away. */
export function isDown(link: MediaLink): boolean {
  return link.kind === "shaky" || link.kind === "waiting" || (link.kind === "negotiating" && link.attempt > 0);
}

function holdsSession(link: MediaLink): boolean {
  return link.kind === "negotiating" || link.kind === "up" || link.kind === "shaky";
}

function stay(link: MediaLink): MediaStep {
  return { link, effects: [] };
}

function negotiate(attempt: number, nowMs: number, before: MediaEffect[]): MediaStep {
  return { link: { kind: "negotiating", attempt, sinceMs: nowMs }, effects: [...before, "negotiate"] };
}

function retry(link: MediaLink, nowMs: number, chance: number): MediaStep {
  const attempt = link.kind === "negotiating" ? link.attempt + 1 : 1;
  const retryAtMs = nowMs + retryDelayMs(attempt - 1, chance);
  return { link: { kind: "waiting", attempt, retryAtMs }, effects: ["tear_down"] };
}

function transport(link: MediaLink, state: TransportState, nowMs: number, chance: number): MediaStep {
  if (!holdsSession(link)) return stay(link);
  switch (state) {
    case "connected":
      return stay({ kind: "up" });
    case "disconnected":
      return link.kind === "up" ? stay({ kind: "shaky", sinceMs: nowMs }) : stay(link);
    case "failed":
      return retry(link, nowMs, chance);
    case "new":
    case "connecting":
    case "closed":
      return stay(link);
  }
}

/** Signaling is back: whatever is not surely alive is redone now rather than at the end of its wait. */
function lineBack(link: MediaLink, nowMs: number): MediaStep {
  if (link.kind === "shaky") return negotiate(1, nowMs, ["tear_down"]);
  if (link.kind === "waiting") return negotiate(link.attempt, nowMs, []);
  return stay(link);
}

function tick(link: MediaLink, nowMs: number, chance: number): MediaStep {
  if (link.kind === "shaky" && nowMs - link.sinceMs >= SHAKY_LIMIT_MS) return retry(link, nowMs, chance);
  if (link.kind === "negotiating" && nowMs - link.sinceMs >= NEGOTIATION_LIMIT_MS) return retry(link, nowMs, chance);
  if (link.kind === "waiting" && nowMs >= link.retryAtMs) return negotiate(link.attempt, nowMs, []);
  return stay(link);
}
