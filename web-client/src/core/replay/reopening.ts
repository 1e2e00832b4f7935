// When a replay opens its address anew by itself: signed paths stop working, and networks come back.

export type Trouble = "expired" | "network" | "media" | "unsupported";

/** More openings in a row without a moment played between them would only load the server. */
const IN_A_ROW_MAX = 3;
const PAUSES_MS = [0, 3000, 10_000];

/** How many times it was opened anew since it last played. */
export type Reopening = { inARow: number };

/** After how long to open again, keeping the time; null: say the trouble and let the person press. */
export function reopenAfterMs(now: Reopening, trouble: Trouble): number | null {
  if (trouble === "unsupported" || trouble === "media" || now.inARow >= IN_A_ROW_MAX) return null;
  return PAUSES_MS[trouble === "expired" ? now.inARow : Math.max(1, now.inARow)] ?? null;
}

/** What a refused request for a piece of the recording means: the ticket in its path is no longer known. */
export function troubleOf(status: number | null): Trouble {
  return status === 401 || status === 403 || status === 404 || status === 410 ? "expired" : "network";
}
