// The main player of a replay: its element's state as refs, and the actions on it.

import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";

import { RATES, resumeAt, skipped, type Span } from "../../core/replay";
import { play } from "../../io/playback";
import { attach, type Player, type PlayerTrouble } from "../../io/player";
import { rememberedPosition, rememberedRate } from "../../io/storage";
import { every } from "../../io/ticking";

export type Replay = {
  playing: Ref<boolean>;
  timeS: Ref<number>;
  durationS: Ref<number>;
  bufferedS: Ref<number>;
  rate: Ref<number>;
  muted: Ref<boolean>;
  resumedS: Ref<number>;
  waiting: Ref<boolean>;
  trouble: ShallowRef<PlayerTrouble | null>;
  open: (video: HTMLVideoElement, playlist: string, span: Span) => Promise<void>;
  toggle: () => void;
  seek: (toS: number) => void;
  skip: (byS: number) => void;
  setRate: (rate: number) => void;
  toggleMute: () => void;
};

const SAVE_EVERY_MS = 3000;

function rememberedRateOr1(): number {
  return RATES.find((rate) => String(rate) === rememberedRate.read()) ?? 1;
}

export function useReplay(lessonId: string): Replay {
  const [playing, waiting, muted] = [ref(false), ref(false), ref(false)];
  const [timeS, durationS, bufferedS, resumedS] = [ref(0), ref(0), ref(0), ref(0)];
  const rate = ref(rememberedRateOr1());
  const trouble = shallowRef<PlayerTrouble | null>(null);
  const saved = rememberedPosition(lessonId);
  let video: HTMLVideoElement | null = null;
  let player: Player | null = null;
  let opensS = 0;

  function follow(element: HTMLVideoElement): void {
    const on = (names: string[], then: () => void): void => names.forEach((name) => element.addEventListener(name, then));
    on(["play", "pause", "ended"], () => (playing.value = !element.paused && !element.ended));
    on(["timeupdate", "seeking"], () => (timeS.value = element.currentTime));
    on(["durationchange"], () => Number.isFinite(element.duration) && (durationS.value = element.duration));
    on(["progress", "timeupdate"], () => {
      const last = element.buffered.length - 1;
      bufferedS.value = last < 0 ? 0 : element.buffered.end(last);
    });
    on(["waiting", "seeking"], () => (waiting.value = true));
    on(["playing", "seeked", "canplay"], () => (waiting.value = false));
    // A new source resets the rate.
    on(["loadedmetadata"], () => (element.playbackRate = rate.value));
  }

  const span = (): Span => ({ fromS: opensS, toS: durationS.value });

  async function open(element: HTMLVideoElement, playlist: string, known: Span): Promise<void> {
    video = element;
    opensS = known.fromS;
    durationS.value = known.toS;
    follow(element);
    const before = Number(saved.read() ?? Number.NaN);
    resumedS.value = resumeAt(Number.isFinite(before) ? before : null, known.toS);
    timeS.value = resumedS.value;
    player = await attach(element, playlist, Math.max(resumedS.value, opensS), (what) => (trouble.value = what));
  }

  function seek(toS: number): void {
    if (video === null) return;
    video.currentTime = skipped(toS, 0, span());
    timeS.value = video.currentTime;
  }

  const stopSaving = every(SAVE_EVERY_MS, () => playing.value && saved.write(timeS.value.toFixed(1)));
  onScopeDispose(() => {
    stopSaving();
    if (timeS.value > 0) saved.write(timeS.value.toFixed(1));
    player?.destroy();
  });

  return {
    playing, waiting, muted, timeS, durationS, bufferedS, resumedS, rate, trouble, open, seek,
    toggle: () => {
      if (video === null) return;
      if (video.paused) void play(video);
      else video.pause();
    },
    skip: (byS) => seek(skipped(timeS.value, byS, span())),
    setRate: (next) => {
      rate.value = next;
      rememberedRate.write(String(next));
      if (video !== null) video.playbackRate = next;
    },
    toggleMute: () => {
      muted.value = !muted.value;
      if (video !== null) video.muted = muted.value;
    },
  };
}
