// Watching a lesson that is still on: how far behind it one is, and catching up with it.
//
//   rewound by 5 minutes, catching up
//   lesson   |-----------------------------------------------> 1x
//   watcher  |------------------------>>>>>>>>>> 1.25x  >> 1.1x |= 1x, at the edge
//
// Times are seconds on the lesson clock.

/** So close to what was recorded last, one watches live. Players keep some seconds of what is there in hand. */
export const AT_EDGE_S = 2;
/** Behind by more one catches up fast, behind by less gently: then the change back to 1x is not heard. */
const FAR_BEHIND_S = 30;
const NEAR_RATE = 1.1;
const FAR_RATE = 1.25;
/** The rate changes back only when clearly nearer, so that it does not flutter. */
const FLUTTER_S = 5;

/** A watcher this near to the edge, in seconds, is there or on the way there. */
const NEAR_EDGE_S = 8;

/** Whether a player is to take the parts of a low-latency playlist one by one, or whole segments. */
export function playsParts(timeS: number, edgeS: number | null): boolean {
  return edgeS === null || edgeS - timeS < NEAR_EDGE_S;
}

/** `edgeS` is where a player that follows the lesson would be; null while that is not known. */
export function behindS(timeS: number, edgeS: number | null): number {
  return edgeS === null ? 0 : Math.max(0, edgeS - timeS);
}

export type Pace = { rate: number; catchingUp: boolean };

/**
 * How fast to play, `behind` seconds behind the lesson. While catching up, the distance decides and the watcher's `chosen`
 * rate waits; at the edge the catching up is over, for nothing can play faster than it happens.
 */
export function paceOf(now: Pace, chosen: number, behind: number): Pace {
  if (behind <= AT_EDGE_S) return { rate: Math.min(1, chosen), catchingUp: false };
  if (!now.catchingUp) {
    const atEdge = now.rate <= 1 && behind < AT_EDGE_S * 2;
    return { rate: atEdge ? Math.min(1, chosen) : chosen, catchingUp: false };
  }
  const farFrom = now.rate === FAR_RATE ? FAR_BEHIND_S - FLUTTER_S : FAR_BEHIND_S;
  return { rate: behind > farFrom ? FAR_RATE : NEAR_RATE, catchingUp: true };
}
