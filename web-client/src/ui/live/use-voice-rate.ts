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
  watch(session, () => {
    [rate, before] = [WHOLE_VOICE, null];
  });

  async function look(): Promise<void> {
    const of = session.value;
    const now = await of?.reading() ?? null;
    if (of === null || of !== session.value || now === null) return;
    const was = rate;
    if (before !== null) rate = nextVoiceRate(rate, { before, now });
    before = now;
    if (rate.isThinned !== was.isThinned) await of.thinVoice(rate.isThinned).catch(() => undefined);
  }

  onScopeDispose(every(LOOK_EVERY_MS, () => void look()));
}
