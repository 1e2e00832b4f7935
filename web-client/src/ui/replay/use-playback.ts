// The address a lesson is played from: asked for, asked for again when it expired, and why there is none.

import { computed, onMounted, onScopeDispose, shallowRef, type ComputedRef, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { LessonSummary, Playback } from "../../core/protocol";
import { ASK_AGAIN_MS, whyNot, type WhyNot } from "../../core/replay/absence";
import { reopenAfterMs, type Trouble } from "../../core/replay/reopening";
import { api } from "../../io/http";
import { onNetworkBack } from "../../io/page-life";
import { after } from "../../io/ticking";
import { loadMe, session } from "../session";

export type LessonPlayback = {
  lesson: ShallowRef<LessonSummary | null>;
  playback: ShallowRef<Playback | null>;
  why: ComputedRef<WhyNot | null>;
  /** What a player met and opening anew did not mend. */
  trouble: ShallowRef<Trouble | null>;
  ask: () => Promise<void>;
  met: (trouble: Trouble) => void;
  /** The recording plays: a later trouble is a new one. */
  plays: () => void;
};

export function useLessonPlayback(id: string): LessonPlayback {
  const lesson = shallowRef<LessonSummary | null>(null);
  const playback = shallowRef<Playback | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const trouble = shallowRef<Trouble | null>(null);
  const why = computed(() => (failure.value === null || playback.value !== null ? null : whyNot(failure.value, lesson.value?.recording ?? null)));
  let inARow = 0;
  let callOff: (() => void) | null = null;
  let asking = false;

  function later(delayMs: number): void {
    callOff?.();
    callOff = after(delayMs, () => void ask());
  }

  async function ask(): Promise<void> {
    callOff?.();
    callOff = null;
    asking = true;
    if (session.me === null) await loadMe();
    const token = session.token ?? "";
    const [about, media] = await Promise.all([api.lesson(token, id), api.playback(token, id)]);
    asking = false;
    if (about.ok) lesson.value = about.value;
    failure.value = media.ok ? null : media.failure;
    if (media.ok) {
      trouble.value = null;
      playback.value = media.value;
    } else if (playback.value !== null) {
      met("network");
    } else if (why.value?.kind === "absent" && why.value.absence === "processing") {
      later(ASK_AGAIN_MS);
    }
  }

  /** Opens anew by itself where that can help; otherwise the person is told and asked to press. Several players meet one. */
  function met(what: Trouble): void {
    if (asking || callOff !== null) return;
    const delayMs = reopenAfterMs({ inARow }, what);
    if (delayMs === null) {
      trouble.value = what;
      return;
    }
    inARow += 1;
    later(delayMs);
  }

  onMounted(ask);
  const stopListening = onNetworkBack(() => {
    if (trouble.value === "network" || failure.value?.kind === "network") void ask();
  });
  onScopeDispose(() => {
    callOff?.();
    stopListening();
  });
  return { lesson, playback, why, trouble, ask, met, plays: () => (inARow = 0) };
}
