// One media session (publishing or receiving) of a lesson page: when to negotiate, when to mend it, when to do it anew.
//
//   negotiating --connected--> up --disconnected--> shaky --time--> mending --answered, connected--> up
//                               \----network back---------------/      \--unreachable--> shaky
//   whatever is gone at the server, or does not come back after mending, is negotiated anew at once
//
// A restart that was asked for and not answered may have been heard, or be heard yet: then the server minds the credentials of
// before. So one is asked for until one is answered, also where the line came back by itself meanwhile.
//
// Mending is an ICE restart (RFC 9725, section 4.3.3): keys, seats and pictures stay. A line that is cut and comes back by
// itself needs not even that, so a session is kept for as long as the server keeps it.

import { retryDelayMs } from "./backoff";

/** A connection may say 'disconnected' for a moment and recover by itself; longer than this it is mended. */
export const SHAKY_LIMIT_MS = 1500;
/** From one attempt to mend that did not reach the server to the next. */
export const MEND_AGAIN_MS = 1000;
/** An attempt to mend that brings no answer in this time has not reached the server. */
export const ANSWER_LIMIT_MS = 8000;
/** A mended session connects within this time or is done anew. */
export const MENDED_LIMIT_MS = 5000;
/** The server forgets a session it has not heard for this long (RFC 7675). */
export const KEPT_MS = 30_000;
/** Negotiation, ICE and DTLS together; more than this and it is tried anew. */
export const NEGOTIATION_LIMIT_MS = 12_000;
/** What was asked over a line that has since come back gets this long for its answer. */
export const STUCK_MS = 2000;

export type MediaLink =
  | { kind: "off" }
  | { kind: "negotiating"; attempt: number; sinceMs: number }
  | { kind: "up" }
  /** `down`: sound and picture are surely away. `tried`: mending was asked for and not answered, but may have been heard. */
  | { kind: "shaky"; sinceMs: number; mendAtMs: number; down: boolean; tried: boolean }
  | { kind: "mending"; sinceMs: number; askedMs: number; answered: boolean; down: boolean }
  | { kind: "waiting"; attempt: number; retryAtMs: number }
  /** The server said no in a way that asking again does not change. */
  | { kind: "refused"; problem: string };

type Held = Extract<MediaLink, { kind: "negotiating" | "up" | "shaky" | "mending" }>;
type Troubled = Extract<MediaLink, { kind: "shaky" | "mending" }>;

export type TransportState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

export type MediaEvent =
  | { kind: "want" }
  | { kind: "leave" }
  | { kind: "transport"; state: TransportState }
  | { kind: "failed" }
  | { kind: "refused"; problem: string }
  /** Signaling is open again. */
  | { kind: "line_back" }
  /** The network is there again, or another one. */
  | { kind: "network_back" }
  /** The server took the restart, and it is applied. */
  | { kind: "mended" }
  /** The server knows no such session. */
  | { kind: "gone" }
  /** Mending was not answered. */
  | { kind: "unreachable" }
  /** The server has restarted ICE, but its answer was lost. */
  | { kind: "stale" }
  | { kind: "redo" }
  | { kind: "tick" };

/** `forget` is `tear_down` of what the server has forgotten; `check` asks whether it has. */
export type MediaEffect = "negotiate" | "tear_down" | "forget" | "mend" | "check";
export type MediaStep = { link: MediaLink; effects: MediaEffect[] };

export const MEDIA_OFF: MediaLink = { kind: "off" };

export function mediaStep(link: MediaLink, event: MediaEvent, nowMs: number, chance: number): MediaStep {
  switch (event.kind) {
    case "want":
      return link.kind === "off" ? negotiate(0, nowMs, []) : stay(link);
    case "leave":
      return { link: MEDIA_OFF, effects: isHeld(link) ? ["tear_down"] : [] };
    case "transport":
      return isHeld(link) ? transport(link, event.state, nowMs, chance) : stay(link);
    case "failed":
      return isHeld(link) ? retry(link, nowMs, chance) : stay(link);
    case "refused":
      return { link: { kind: "refused", problem: event.problem }, effects: isHeld(link) ? ["tear_down"] : [] };
    case "line_back":
      return link.kind === "up" ? { link, effects: ["check"] } : reachable(link, nowMs);
    case "network_back":
      return link.kind === "up" ? mend(nowMs, false, nowMs) : reachable(link, nowMs);
    case "mended":
      return mended(link, nowMs);
    case "gone":
      return isHeld(link) && link.kind !== "negotiating" ? negotiate(1, nowMs, ["forget"]) : stay(link);
    case "unreachable":
      if (link.kind === "up") return mend(nowMs, false, nowMs);
      return link.kind === "mending" && !link.answered ? unreachable(link, nowMs) : stay(link);
    case "stale":
      return link.kind === "up" ? mend(nowMs, false, nowMs) : stay(link);
    case "redo":
      return link.kind === "off" ? stay(link) : negotiate(0, nowMs, isHeld(link) ? ["tear_down"] : []);
    case "tick":
      return tick(link, nowMs, chance);
  }
}

/** Whether the page should tell people that sound and picture are away. */
export function isDown(link: MediaLink): boolean {
  if (link.kind === "shaky" || link.kind === "mending") return link.down;
  return link.kind === "waiting" || (link.kind === "negotiating" && link.attempt > 0);
}

/** Whether sound and picture flow, as far as is known. */
export function isUp(link: MediaLink): boolean {
  return link.kind === "up" || ((link.kind === "shaky" || link.kind === "mending") && !link.down);
}

function isHeld(link: MediaLink): link is Held {
  return link.kind === "negotiating" || link.kind === "up" || link.kind === "shaky" || link.kind === "mending";
}

function stay(link: MediaLink): MediaStep {
  return { link, effects: [] };
}

function negotiate(attempt: number, nowMs: number, before: MediaEffect[]): MediaStep {
  return { link: { kind: "negotiating", attempt, sinceMs: nowMs }, effects: [...before, "negotiate"] };
}

function mend(sinceMs: number, down: boolean, nowMs: number): MediaStep {
  return { link: { kind: "mending", sinceMs, askedMs: nowMs, answered: false, down }, effects: ["mend"] };
}

function retry(link: Held, nowMs: number, chance: number): MediaStep {
  const attempt = link.kind === "negotiating" ? link.attempt + 1 : 1;
  const retryAtMs = nowMs + retryDelayMs(attempt - 1, chance);
  return { link: { kind: "waiting", attempt, retryAtMs }, effects: ["tear_down"] };
}

function transport(link: Held, state: TransportState, nowMs: number, chance: number): MediaStep {
  switch (state) {
    case "connected":
      return link.kind === "shaky" && link.tried ? mend(nowMs, false, nowMs) : stay({ kind: "up" });
    case "disconnected":
      if (link.kind === "up") return stay({ kind: "shaky", sinceMs: nowMs, mendAtMs: nowMs + SHAKY_LIMIT_MS, down: true, tried: false });
      return stay(link.kind === "negotiating" ? link : { ...link, down: true });
    case "failed":
      return failed(link, nowMs, chance);
    case "new":
    case "connecting":
    case "closed":
      return stay(link);
  }
}

/** The browser sends no more checks by itself: only a restart can bring it back. */
function failed(link: Held, nowMs: number, chance: number): MediaStep {
  switch (link.kind) {
    case "negotiating":
      return retry(link, nowMs, chance);
    case "up":
      return mend(nowMs, true, nowMs);
    case "shaky":
      return mend(link.sinceMs, true, nowMs);
    case "mending":
      return link.answered ? negotiate(1, nowMs, ["tear_down"]) : stay({ ...link, down: true });
  }
}

/** The server can be asked again: what waits is done now, and what was asked before is asked anew. */
function reachable(link: MediaLink, nowMs: number): MediaStep {
  switch (link.kind) {
    case "shaky":
      return mend(link.sinceMs, link.down, nowMs);
    case "mending":
      return !link.answered && nowMs - link.askedMs >= STUCK_MS ? mend(link.sinceMs, link.down, nowMs) : stay(link);
    case "negotiating":
      return nowMs - link.sinceMs >= STUCK_MS ? negotiate(link.attempt, nowMs, ["tear_down"]) : stay(link);
    case "waiting":
      return negotiate(link.attempt, nowMs, []);
    case "off":
    case "up":
    case "refused":
      return stay(link);
  }
}

/** A transport that was never away says nothing when it goes on over a new path. */
function mended(link: MediaLink, nowMs: number): MediaStep {
  if (link.kind !== "mending") return stay(link);
  return stay(link.down ? { ...link, askedMs: nowMs, answered: true } : { kind: "up" });
}

function unreachable(link: Troubled, nowMs: number): MediaStep {
  return stay({ kind: "shaky", sinceMs: link.sinceMs, mendAtMs: nowMs + MEND_AGAIN_MS, down: link.down, tried: true });
}

function tick(link: MediaLink, nowMs: number, chance: number): MediaStep {
  switch (link.kind) {
    case "shaky":
      if (nowMs - link.sinceMs >= KEPT_MS) return link.down ? retry(link, nowMs, chance) : stay({ kind: "up" });
      return nowMs >= link.mendAtMs ? mend(link.sinceMs, link.down, nowMs) : stay(link);
    case "mending":
      if (link.answered) return nowMs - link.askedMs >= MENDED_LIMIT_MS ? negotiate(1, nowMs, ["tear_down"]) : stay(link);
      return nowMs - link.askedMs >= ANSWER_LIMIT_MS ? unreachable(link, nowMs) : stay(link);
    case "negotiating":
      return nowMs - link.sinceMs >= NEGOTIATION_LIMIT_MS ? retry(link, nowMs, chance) : stay(link);
    case "waiting":
      return nowMs >= link.retryAtMs ? negotiate(link.attempt, nowMs, []) : stay(link);
    case "off":
    case "up":
    case "refused":
      return stay(link);
  }
}
