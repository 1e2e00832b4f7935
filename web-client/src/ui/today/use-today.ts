// The day of whoever is signed in, kept fresh: an edit of the timetable shows within ten seconds.

import type { Today } from "../../core/protocol";
import { countyApi } from "../../io/county-api";
import { useAsked, type UsedAnswer } from "../timetable/use-asked";

const ASK_EVERY_MS = 6000;

/** `wanted` is false while a running lesson's own line tells what changes. */
export function useToday(wanted: () => boolean): UsedAnswer<Today> {
  return useAsked((token) => (wanted() ? countyApi.today(token) : null), ASK_EVERY_MS);
}
