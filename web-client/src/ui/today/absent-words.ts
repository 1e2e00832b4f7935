// When somebody who is missing was last seen, in words.

import type { AbsentParty, UtcMs } from "../../core/protocol";
import { clockTime } from "../../core/times";
import { agoOf } from "../../core/today/readiness";
import { t } from "../lang";

export function lastSeenWords(party: Pick<AbsentParty, "last_seen">, now: UtcMs): string {
  const words = t.value.county.absent;
  if (party.last_seen === null) return words.neverSeen;
  const ago = agoOf(party.last_seen, now);
  const agoWords = ago.unit === "now" ? words.ago.now : words.ago[ago.unit](ago.count);
  return words.lastSeen(clockTime(party.last_seen), agoWords);
}
