// Which lesson's line this page holds: joins when doors open, stays through the end, and moves on to the next.

import { shallowRef, watch, type ShallowRef } from "vue";

import type { LessonView } from "../../core/lesson";
import type { LessonId, LessonSummary, UtcMs } from "../../core/protocol";
import { joinsNow, turnOf } from "../../core/today/joining";
import { chance, monotonicMs } from "../../io/ticking";
import { useTick } from "./use-tick";

export type Joining = {
  current: ShallowRef<LessonSummary | null | undefined>;
  view: () => LessonView | null;
  /** The server's time; null until known. */
  now: () => UtcMs | null;
  /** A classroom waits for its turn within the seconds after the doors open; a person who opened the page does not. */
  spread: boolean;
};

export function useJoined({ current, view, now, spread }: Joining): ShallowRef<LessonId | null> {
  const joined = shallowRef<LessonId | null>(null);
  const tick = useTick(1000);
  let endedMs: number | null = null;
  let turn = { lesson: "", chance: 0 };

  function joins(lesson: LessonSummary): boolean {
    if (turn.lesson !== lesson.id) turn = { lesson: lesson.id, chance: chance() };
    return joinsNow(lesson, now(), spread ? turn.chance : null);
  }

  watch([current, tick], () => {
    const next = current.value ?? null;
    const phase = view()?.lesson.phase;
    endedMs = phase === "ended" ? (endedMs ?? monotonicMs()) : null;
    // Moved to another time while this page was in it: there is nothing to stay for.
    if (phase === "scheduled") endedMs = -Infinity;
    if (next !== null && next.id === joined.value) return;
    const sinceMs = endedMs === null ? null : monotonicMs() - endedMs;
    const nextJoins = next !== null && joins(next);
    switch (turnOf(joined.value !== null, sinceMs, nextJoins)) {
      case "join_next":
        joined.value = next?.id ?? null;
        break;
      case "leave":
        joined.value = null;
        break;
      case "stay":
        break;
    }
  }, { immediate: true });
  return joined;
}
