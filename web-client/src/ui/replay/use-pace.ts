// How fast a replay runs: the chosen speed, and while the lesson is on, its edge and catching up with it.

import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from "vue";

import { behindS, paceOf } from "../../core/replay/live-edge";
import { RATES } from "../../core/replay/position";
import { rememberedRate } from "../../io/storage";
import { every } from "../../io/ticking";

export type Pace = {
  /** What was chosen, and what it plays at just now. */
  rate: Ref<number>;
  pace: Ref<number>;
  catchingUp: Ref<boolean>;
  /** Where a watcher of the running lesson would be; null once the recording is whole. */
  edgeS: Ref<number | null>;
  behind: ComputedRef<number>;
  toggleCatchUp: () => void;
  setRate: (rate: number) => void;
};

const LOOK_EVERY_MS = 500;

export function usePace(timeS: Ref<number>, edgeNow: () => number | null, apply: (rate: number) => void): Pace {
  const rate = ref<number>(RATES.find((each) => String(each) === rememberedRate.read()) ?? 1);
  const [pace, catchingUp] = [ref(rate.value), ref(false)];
  const edgeS = ref<number | null>(null);
  const behind = computed(() => behindS(timeS.value, edgeS.value));

  function keep(): void {
    edgeS.value = edgeNow();
    const next = edgeS.value === null
      ? { rate: rate.value, catchingUp: false }
      : paceOf({ rate: pace.value, catchingUp: catchingUp.value }, rate.value, behind.value);
    [pace.value, catchingUp.value] = [next.rate, next.catchingUp];
    apply(pace.value);
  }

  onScopeDispose(every(LOOK_EVERY_MS, keep));
  return {
    rate, pace, catchingUp, edgeS, behind,
    toggleCatchUp: () => {
      catchingUp.value = !catchingUp.value;
      keep();
    },
    setRate: (next) => {
      [rate.value, catchingUp.value] = [next, false];
      rememberedRate.write(String(next));
      keep();
    },
  };
}
