// Fits the music that this page sends to its line up.

import { onScopeDispose, watch, type ShallowRef } from "vue";

import type { LineReading } from "../../core/line-report";
import { nextVoiceRate, WHOLE_VOICE } from "../../core/voice-rate";
import { every } from "../../io/ticking";
import type { PublishSession } from "../../io/whip";

const LOOK_EVERY_MS = 2000;

export function useVoiceRate(session: ShallowRef<PublishSession | null>): void {
  let rate = WHOLE_VOICE;
  let before: LineReading | null = null;
  /** What the browser was told last; null where it refused. */
  let isThinned: boolean | null = false;
  watch(session, () => {
    [rate, before, isThinned] = [WHOLE_VOICE, null, false];
  });

  async function look(): Promise<void> {
    const of = session.value;
    if (of === null || of.thinVoice === null) return;
    const now = await of.reading();
    if (of !== session.value || now === null) return;
    if (before !== null) rate = nextVoiceRate(rate, { before, now });
    before = now;
    if (rate.isThinned === isThinned) return;
    const wanted = rate.isThinned;
    isThinned = wanted;
    await of.thinVoice(wanted).catch(() => {
      if (of === session.value) isThinned = null;
    });
  }

  onScopeDispose(every(LOOK_EVERY_MS, () => void look()));
}
