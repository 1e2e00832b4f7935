// The main player of a replay, which alone has the sound: what it plays, and the actions on it.

import { onScopeDispose, ref, type Ref } from "vue";

import { resumeAt, skipped, type Span } from "../../core/replay/position";
import type { Trouble } from "../../core/replay/reopening";
import type { Source } from "../../core/replay/views";
import { play } from "../../io/playback";
import { rememberedPosition } from "../../io/storage";
import { every } from "../../io/ticking";
import { useElement, type ElementState } from "./use-element";
import { usePace, type Pace } from "./use-pace";
import { useSource } from "./use-source";

export type Replay = Omit<ElementState, "settling" | "follow"> & Pace & {
  muted: Ref<boolean>;
  resumedS: Ref<number>;
  /** The moment shown now, finer than `timeS`. */
  nowS: () => number;
  mount: (video: HTMLVideoElement) => void;
  open: (source: Source, known: Span, live: boolean) => void;
  /** Plays another source from the same moment on. */
  change: (source: Source) => void;
  toggle: () => void;
  seek: (toS: number) => void;
  skip: (byS: number) => void;
  toLive: () => void;
  toggleMute: () => void;
};

const SAVE_EVERY_MS = 3000;

export function useReplay(lessonId: string, met: (trouble: Trouble) => void, runs: () => void): Replay {
  const element = useElement(runs);
  const { settling, follow, ...state } = element;
  const { playing, timeS, durationS } = state;
  const source = useSource(element, met);
  const [muted, resumedS] = [ref(false), ref(0)];
  const saved = rememberedPosition(lessonId);
  let video: HTMLVideoElement | null = null;
  let opensS = 0;
  const pacing = usePace(timeS, source.edgeS, (rate) => {
    if (video !== null && video.playbackRate !== rate) video.playbackRate = rate;
  });
  const { edgeS, behind, pace } = pacing;

  function mount(mounted: HTMLVideoElement): void {
    video = mounted;
    follow(mounted);
    // A new source resets the rate.
    mounted.addEventListener("loadedmetadata", () => (mounted.playbackRate = pace.value));
  }

  function load(next: Source, fromS: number | null): void {
    if (video !== null) void source.load(video, next, fromS);
  }

  function open(next: Source, known: Span, live: boolean): void {
    opensS = known.fromS;
    durationS.value = known.toS;
    const before = Number(saved.read() ?? Number.NaN);
    resumedS.value = live ? 0 : resumeAt(Number.isFinite(before) ? before : null, known.toS);
    timeS.value = resumedS.value;
    load(next, live ? null : Math.max(resumedS.value, opensS));
  }

  function seek(toS: number): void {
    if (video === null) return;
    timeS.value = skipped(toS, 0, { fromS: opensS, toS: durationS.value });
    if (settling.value) source.again(video, timeS.value);
    else video.currentTime = timeS.value;
  }

  function toggle(): void {
    if (video === null) return;
    const plays = settling.value ? !playing.value : video.paused;
    if (settling.value) playing.value = plays;
    if (plays) void play(video);
    else video.pause();
  }

  const stopSaving = every(SAVE_EVERY_MS, () => playing.value && saved.write(timeS.value.toFixed(1)));
  onScopeDispose(() => {
    stopSaving();
    if (timeS.value > 0) saved.write(timeS.value.toFixed(1));
  });

  const followsLive = (): boolean => edgeS.value !== null && behind.value < 1;
  return {
    ...state, ...pacing, muted, resumedS, mount, open, seek, toggle,
    nowS: () => (settling.value || video === null ? timeS.value : video.currentTime),
    change: (next) => load(next, followsLive() ? null : Math.max(timeS.value, opensS)),
    skip: (byS) => seek(timeS.value + byS),
    toLive: () => edgeS.value !== null && seek(edgeS.value),
    toggleMute: () => {
      muted.value = !muted.value;
      if (video !== null) video.muted = muted.value;
    },
  };
}
