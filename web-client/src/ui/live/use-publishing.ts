// What this page sends. New tracks take the place of old ones without a new negotiation.

import { watch, type ShallowRef } from "vue";

import type { VideoPlan, VoicePlan } from "../../core/capture";
import type { LessonId } from "../../core/protocol";
import { publish, type PublishSession } from "../../io/whip";
import type { LessonLine } from "./use-lesson-line";
import { useMediaLink, type UsedMediaLink } from "./use-media-link";

export type PublishTracks = {
  camera: ShallowRef<MediaStreamTrack | null>;
  microphone: ShallowRef<MediaStreamTrack | null>;
  /** Null for a seat without a screen. */
  screen: ShallowRef<MediaStreamTrack | null> | null;
};

export type PublishPlan = { lesson: LessonId; token: string; voice: VoicePlan; camera: VideoPlan; screen: VideoPlan };

export function usePublishing(
  plan: () => PublishPlan | null,
  tracks: PublishTracks,
  { line, view }: Pick<LessonLine, "line" | "view">,
): UsedMediaLink<PublishSession> {
  const used = useMediaLink(
    () => plan() !== null,
    line,
    (onState, isWanted) => {
      const now = plan();
      if (now === null) return Promise.reject(new Error("nothing to publish any more"));
      return publish({
        lesson: now.lesson,
        token: now.token,
        codec: view.value?.lesson.video_codec ?? null,
        voice: { track: tracks.microphone.value, plan: now.voice },
        camera: { track: tracks.camera.value, plan: now.camera },
        screen: tracks.screen === null ? null : { track: tracks.screen.value, plan: now.screen },
        onState,
        isWanted,
      });
    },
    () => view.value?.lesson.phase === "ended",
  );
  // Also when a session has just come up: a track may have changed while it was negotiated.
  watch([tracks.camera, used.session], ([track, session]) => void session?.setCamera(track).catch(() => undefined));
  watch([tracks.microphone, used.session], ([track, session]) => void session?.setVoice(track).catch(() => undefined));
  if (tracks.screen !== null) {
    watch([tracks.screen, used.session], ([track, session]) => void session?.setScreen(track).catch(() => undefined));
  }
  return used;
}
