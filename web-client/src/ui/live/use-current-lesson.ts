// The lesson that concerns this person now, asked of the server until a lesson's own line takes over.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { LessonSummary } from "../../core/protocol";
import { clockHeard, type ServerClock } from "../../core/server-clock";
import { after, chance, monotonicMs } from "../../io/ticking";
import { router } from "../router";
import { loadMe, session } from "../session";

const ASK_EVERY_MS = 6000;

export type CurrentLesson = {
  /** Undefined until the first answer. */
  current: ShallowRef<LessonSummary | null | undefined>;
  clock: ShallowRef<ServerClock>;
  failure: ShallowRef<Failure | null>;
};

/** `paused` is true while a live line keeps the page up to date, so that the server is not asked needlessly. */
export function useCurrentLesson(paused: () => boolean): CurrentLesson {
  const current = shallowRef<LessonSummary | null | undefined>(undefined);
  const clock = shallowRef<ServerClock>(null);
  const failure = shallowRef<Failure | null>(null);
  let callOff: () => void = () => undefined;

  async function ask(): Promise<void> {
    if (!paused() || current.value === undefined) {
      failure.value = await loadMe();
      if (session.token === null) {
        await router.replace("/");
        return;
      }
      if (failure.value === null && session.me !== null) {
        clock.value = clockHeard(clock.value, session.me.server_time, monotonicMs());
        current.value = session.me.current;
      }
    }
    // Jittered: a county's classrooms are switched on in the same minute.
    callOff = after(ASK_EVERY_MS * (0.75 + chance() / 2), () => void ask());
  }

  void ask();
  onScopeDispose(() => callOff());
  return { current, clock, failure };
}
