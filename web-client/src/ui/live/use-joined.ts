// Which lesson's line this page holds: joins when doors open, stays through the end, and moves on to the next.

import { shallowRef, watch, type ShallowRef } from "vue";

import type { LessonView } from "../../core/lesson";
import type { LessonId, LessonSummary } from "../../core/protocol";
import { monotonicMs } from "../../io/ticking";
import { useTick } from "./use-tick";

/** How long the page of an ended lesson stays before the next may take its place. */
const FAREWELL_MS = 20_000;

export function useJoined(
  current: ShallowRef<LessonSummary | null | undefined>,
  view: () => LessonView | null,
): ShallowRef<LessonId | null> {
  const joined = shallowRef<LessonId | null>(null);
  const tick = useTick(1000);
  let endedMs: number | null = null;

  watch([current, tick], () => {
    if (view()?.lesson.phase === "ended") endedMs ??= monotonicMs();
    const next = current.value;
    if (next === null || next === undefined || next.id === joined.value) return;
    const open = next.phase === "doors_open" || next.phase === "live";
    const free = joined.value === null || (endedMs !== null && monotonicMs() - endedMs >= FAREWELL_MS);
    if (!open || !free) return;
    joined.value = next.id;
    endedMs = null;
  }, { immediate: true });
  return joined;
}
