// A ref that follows the monotonic clock, for whatever a page shows of passing time.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import { every, monotonicMs } from "../../io/ticking";

export function useTick(periodMs: number): ShallowRef<number> {
  const now = shallowRef(monotonicMs());
  onScopeDispose(every(periodMs, () => (now.value = monotonicMs())));
  return now;
}
