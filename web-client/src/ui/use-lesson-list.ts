// A list of lessons from the server, kept fresh while the page is open.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import type { Failure } from "../core/problems";
import { problemKey } from "../core/problems";
import type { LessonList, LessonSummary } from "../core/protocol";
import type { Result } from "../io/http";
import { every } from "../io/ticking";
import { router } from "./router";
import { loadMe, session, signOut } from "./session";

const ASK_EVERY_MS = 8000;

export type UsedLessonList = {
  /** Null until the first answer. */
  lessons: ShallowRef<LessonSummary[] | null>;
  failure: ShallowRef<Failure | null>;
  ask: () => Promise<void>;
};

export function useLessonList(list: (token: string) => Promise<Result<LessonList>>): UsedLessonList {
  const lessons = shallowRef<LessonSummary[] | null>(null);
  const failure = shallowRef<Failure | null>(null);

  async function ask(): Promise<void> {
    if (session.token === null) return;
    const result = await list(session.token);
    if (result.ok) {
      lessons.value = result.value.lessons;
      failure.value = null;
      return;
    }
    failure.value = result.failure;
    if (problemKey(result.failure) === "unauthorized") {
      signOut();
      await router.replace("/");
    }
  }

  if (session.me === null) void loadMe();
  void ask();
  onScopeDispose(every(ASK_EVERY_MS, () => void ask()));
  return { lessons, failure, ask };
}
