// One answer of the server, asked for again as long as the page is open. Answers to older questions are dropped.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import { problemKey, type Failure } from "../../core/problems";
import type { Result } from "../../io/http";
import { every } from "../../io/ticking";
import { router } from "../router";
import { loadMe, session, signOut } from "../session";

export const ASK_EVERY_MS = 8000;

export type UsedAnswer<T> = {
  /** Null until the first answer. */
  value: ShallowRef<T | null>;
  failure: ShallowRef<Failure | null>;
  ask: () => Promise<void>;
};

/** `question` may find that there is nothing to ask now. */
export function useAsked<T>(question: (token: string) => Promise<Result<T>> | null, everyMs: number | null = null): UsedAnswer<T> {
  const value = shallowRef<T | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let questions = 0;

  async function ask(): Promise<void> {
    const asking = session.token === null ? null : question(session.token);
    if (asking === null) return;
    questions += 1;
    const mine = questions;
    const result = await asking;
    if (mine !== questions) return;
    failure.value = result.ok ? null : result.failure;
    if (result.ok) value.value = result.value;
    else await leaveIfUnknown(result.failure);
  }

  if (session.me === null) void loadMe();
  void ask();
  if (everyMs !== null) onScopeDispose(every(everyMs, () => void ask()));
  onScopeDispose(() => (questions += 1));
  return { value, failure, ask };
}

/** A token that the server does not know any more leads back to the first page. */
export async function leaveIfUnknown(failure: Failure): Promise<void> {
  if (problemKey(failure) !== "unauthorized") return;
  signOut();
  await router.replace("/");
}
