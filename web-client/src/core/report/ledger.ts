// What the record of a lesson says, in words: verdicts with why, events with their figures.

import type { LedgerRoom, LedgerView, Verdict } from "../protocol";

/** What may be put in place of a verdict; `null` gives the word back to the machine. */
export const MASTER_VERDICTS: readonly Verdict[] = ["valid_delivery", "invalid_delivery", "excused_cancellation", "unexcused_absence"];
export const ROOM_VERDICTS: readonly Verdict[] = ["valid_reception", "invalid_reception", "excused_cancellation", "unexcused_absence"];

export type VerdictTone = "ok" | "bad" | "warn" | "calm";

export function toneOf(verdict: Verdict): VerdictTone {
  switch (verdict) {
    case "valid_delivery":
    case "valid_reception":
      return "ok";
    case "invalid_delivery":
    case "invalid_reception":
    case "unexcused_absence":
      return "bad";
    case "unjudged":
      return "warn";
    case "excused_cancellation":
    case "not_due":
      return "calm";
  }
}

export function plannedMinutes(view: LedgerView): number {
  return Math.round((view.ends_at - view.starts_at) / 60_000);
}

/** How late it began and how long it overran, whole minutes; null where it was not held or was on time. */
export function againstPlan(view: LedgerView): { lateMin: number | null; overMin: number | null; shortMin: number | null } {
  const minutes = (lengthMs: number): number | null => (lengthMs >= 60_000 ? Math.floor(lengthMs / 60_000) : null);
  return {
    lateMin: view.started_at === null ? null : minutes(view.started_at - view.starts_at),
    overMin: view.ended_at === null || view.started_at === null ? null : minutes(view.ended_at - view.ends_at),
    shortMin: view.ended_at === null || view.started_at === null ? null : minutes(view.ends_at - view.ended_at),
  };
}

/** Why a room counts as it does, as the figures tell it. */
export type RoomWhy = "received" | "little_picture" | "little_sound" | "nothing" | "not_taught" | "corrected" | "open";

export function roomWhy(room: LedgerRoom, taughtS: number): RoomWhy {
  if (room.corrected) return "corrected";
  if (room.verdict === "not_due") return "open";
  if (taughtS <= 0) return "not_taught";
  if (room.picture_s === 0 && room.sound_s === 0) return "nothing";
  if (room.verdict === "valid_reception") return "received";
  return room.sound_s < room.picture_s ? "little_sound" : "little_picture";
}
