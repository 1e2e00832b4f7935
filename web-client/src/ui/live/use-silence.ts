// Looks whether what is received has stopped all at once, and then has every session of the page find its way anew.

import { onScopeDispose, watch, type ShallowRef } from "vue";

import { NO_SILENCE, silenceStep } from "../../core/silence";
import { every, monotonicMs } from "../../io/ticking";

type Heard = { heardMark: () => number };

const LOOK_EVERY_MS = 250;

export function useSilence(session: ShallowRef<Heard | null>, links: readonly { suspect: () => void }[]): void {
  let silence = NO_SILENCE;
  watch(session, () => (silence = { ...NO_SILENCE, saidMs: silence.saidMs }));
  onScopeDispose(every(LOOK_EVERY_MS, () => {
    const held = session.value;
    if (held === null) return;
    const step = silenceStep(silence, held.heardMark(), monotonicMs());
    silence = step.silence;
    if (step.said) links.forEach((link) => link.suspect());
  }));
}
