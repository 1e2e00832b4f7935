// The state of a replay's media element as refs.

import { ref, type Ref } from "vue";

export type ElementState = {
  playing: Ref<boolean>;
  waiting: Ref<boolean>;
  timeS: Ref<number>;
  durationS: Ref<number>;
  bufferedS: Ref<number>;
  /** Between one source and the next the element tells of neither, and its time and state stay what they were. */
  settling: Ref<boolean>;
  follow: (element: HTMLVideoElement) => void;
};

export function useElement(runs: () => void): ElementState {
  const [playing, waiting, settling] = [ref(false), ref(false), ref(true)];
  const [timeS, durationS, bufferedS] = [ref(0), ref(0), ref(0)];

  function follow(element: HTMLVideoElement): void {
    const on = (names: string[], then: () => void): void => names.forEach((name) => element.addEventListener(name, then));
    const settled = (names: string[], then: () => void): void => on(names, () => {
      if (!settling.value) then();
    });
    on(["canplay", "playing"], () => {
      settling.value = false;
      playing.value = !element.paused;
    });
    settled(["play", "pause", "ended"], () => (playing.value = !element.paused && !element.ended));
    settled(["timeupdate", "seeking"], () => (timeS.value = element.currentTime));
    on(["durationchange"], () => {
      if (Number.isFinite(element.duration) && element.duration > 0) durationS.value = element.duration;
    });
    on(["progress", "timeupdate"], () => {
      const last = element.buffered.length - 1;
      bufferedS.value = last < 0 ? 0 : element.buffered.end(last);
    });
    on(["waiting", "seeking"], () => (waiting.value = true));
    on(["playing", "seeked", "canplay"], () => (waiting.value = false));
    on(["playing"], runs);
  }

  return { playing, waiting, timeS, durationS, bufferedS, settling, follow };
}
