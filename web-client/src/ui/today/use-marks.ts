// 调课 and 代课 of the signed-in teacher's week: the timetable knows what the list of a day does not tell.

import { computed, watch, type ComputedRef } from "vue";

import { timetableApi } from "../../io/timetable-api";
import { t } from "../lang";
import { session } from "../session";
import { ASK_EVERY_MS, useAsked } from "../timetable/use-asked";

/** Words by lesson. */
export type Marks = ComputedRef<ReadonlyMap<string, string[]>>;

export function useMarks(wanted: () => boolean): Marks {
  const { value, ask } = useAsked(
    (token) => (wanted() && session.me !== null ? timetableApi.week(token, { teacher: session.me.id }) : null), ASK_EVERY_MS,
  );
  watch(() => session.me, () => void ask());
  return computed(() => new Map((value.value?.lessons ?? []).map((lesson) => [lesson.id, [
    ...(lesson.moved ? [t.value.lessonWords.marks.moved] : []), ...(lesson.substituted ? [t.value.lessonWords.marks.substituted] : []),
  ]])));
}
