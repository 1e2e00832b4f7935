// Everything behind the master's page: the lesson's line, what is captured, sent and received, and the actions.

import { computed, shallowRef, watch, watchEffect, type ComputedRef, type ShallowRef } from "vue";

import { COURSEWARE, gateMicrophone, MASTER_CAMERA, microphoneOpen, voicePlan } from "../../core/capture";
import { isUnderWay, pointsOf, type LessonView } from "../../core/lesson";
import { isUp } from "../../core/media-link";
import type { LessonId, LessonSummary, ParticipantId, UtcMs } from "../../core/protocol";
import { serverNow, type ServerClock } from "../../core/server-clock";
import { isNear } from "../../core/today/day";
import { tilesOf, wallLines, type Tile } from "../../core/wall";
import { keepScreenLit } from "../../io/page-life";
import type { SubscribeSession } from "../../io/whep";
import type { PublishSession } from "../../io/whip";
import { session } from "../session";
import { useCapture, type UsedCapture } from "./use-capture";
import { useCourseware, type Courseware } from "./use-courseware";
import { useCurrentLesson } from "./use-current-lesson";
import { useJoined } from "./use-joined";
import { clockOf, useLessonLine, type LessonLine } from "./use-lesson-line";
import { useLineReport } from "./use-line-report";
import type { UsedMediaLink } from "./use-media-link";
import { usePublishing } from "./use-publishing";
import { useReceiving } from "./use-receiving";
import { useShows } from "./use-shows";
import { useSilence } from "./use-silence";
import { useTick } from "./use-tick";
import { useVoiceRate } from "./use-voice-rate";

export type TeachDesk = {
  current: ShallowRef<LessonSummary | null | undefined>;
  clock: ComputedRef<ServerClock>;
  /** The server's time; null until known. */
  now: ComputedRef<UtcMs | null>;
  /** Camera and microphone run before the lesson too: it is near, or someone wants to try them. */
  rehearsing: ComputedRef<boolean>;
  /** The server did not answer when last asked. */
  failed: ComputedRef<boolean>;
  line: LessonLine;
  capture: UsedCapture;
  courseware: Courseware;
  publishing: UsedMediaLink<PublishSession>;
  receiving: UsedMediaLink<SubscribeSession>;
  onAir: ShallowRef<boolean>;
  muted: ShallowRef<boolean>;
  tiles: ComputedRef<Tile[]>;
  tryEquipment: () => void;
  start: () => void;
  toggleMute: () => void;
  callOn: (point: ParticipantId) => void;
  release: (point: ParticipantId) => void;
  turnWall: (page: number) => void;
  end: () => void;
};

export function useTeachDesk(): TeachDesk {
  const token = session.token ?? "";
  const joinedId = shallowRef<LessonId | null>(null);
  const line = useLessonLine(() => joinedId.value, token);
  const { view } = line;
  const asked = useCurrentLesson(() => isUnderWay(line.line.value, view.value));
  const tick = useTick(500);
  const clock = computed(() => clockOf(line, asked.clock.value));
  const now = computed(() => serverNow(clock.value, tick.value));
  const joined = useJoined({ current: asked.current, view: () => view.value, now: () => now.value, spread: false });
  watch(joined, (id) => (joinedId.value = id), { immediate: true });

  const voice = computed(() => voicePlan("lead", view.value?.lesson.subject ?? asked.current.value?.subject ?? ""));
  const trying = shallowRef(false);
  const rehearsing = computed(() => trying.value || isNear(asked.current.value ?? null, now.value));
  const teaching = (): boolean => {
    const phase = view.value?.lesson.phase ?? asked.current.value?.phase;
    return phase !== undefined && phase !== "ended" && rehearsing.value && line.line.value.kind !== "replaced";
  };
  const capture = useCapture(teaching, MASTER_CAMERA, () => voice.value);
  const courseware = useCourseware(line.send);
  const onAir = useOnAir(view, joined);
  const muted = shallowRef(false);
  // At once: not one frame of a microphone that was just plugged in may leave the room.
  watchEffect(() => gateMicrophone(capture.microphone.value, microphoneOpen("lead", muted.value, false)), { flush: "sync" });
  // Asked before the subject was known, music would be captured as speech.
  watch(() => voice.value.hint, (hint, before) => hint !== before && capture.retry());

  const ready = (): { lesson: LessonId; token: string } | null => {
    const live = onAir.value && capture.equipment.value !== null && line.line.value.kind !== "replaced";
    return live && joined.value !== null && view.value !== null && view.value.lesson.phase !== "ended"
      ? { lesson: joined.value, token }
      : null;
  };
  const publishing = usePublishing(
    () => {
      const place = ready();
      return place && { ...place, voice: voice.value, camera: MASTER_CAMERA, screen: COURSEWARE };
    },
    { camera: capture.camera, microphone: capture.microphone, screen: courseware.track },
    line,
  );
  const points = (): number => (view.value === null ? 0 : pointsOf(view.value.lesson).length);
  const receiving = useReceiving(() => {
    const place = ready();
    return place && { ...place, audioLines: 1, videoLines: wallLines(points()), stereo: false };
  }, line);
  useShows(receiving.session, line);
  useSilence(receiving.session, [receiving, publishing]);
  useLineReport([publishing.session, receiving.session], line);
  useVoiceRate(publishing.session);
  useCoursewareTold(line, publishing, courseware);

  return {
    current: asked.current,
    clock, now, rehearsing, failed: computed(() => asked.failure.value !== null),
    line, capture, courseware, publishing, receiving, onAir, muted,
    tiles: computed(() => (view.value === null ? [] : tilesOf(view.value))),
    tryEquipment: () => (trying.value = true),
    start: () => (onAir.value = true),
    toggleMute: () => (muted.value = !muted.value),
    callOn: (point) => line.send({ type: "grant_floor", point }),
    release: (point) => line.send({ type: "release_floor", point }),
    turnWall: (page) => line.send({ type: "turn_wall", page }),
    end: () => line.send({ type: "end_lesson" }),
  };
}

/** A page that opens in the middle of its own live lesson was reloaded, or is another computer: it goes on at once. */
function useOnAir(view: ShallowRef<LessonView | null>, joined: ShallowRef<LessonId | null>): ShallowRef<boolean> {
  const onAir = shallowRef(false);
  let letGo: () => void = () => undefined;
  watch(() => view.value?.lesson.phase, (phase) => {
    if (phase === "live") onAir.value = true;
    if (phase === "ended") onAir.value = false;
  });
  watch(joined, () => (onAir.value = false));
  watch(onAir, (now) => {
    letGo();
    letGo = now ? keepScreenLit() : () => undefined;
  });
  return onAir;
}

/** After a reconnect or reload the lesson must say what the screen's m-line really carries. */
function useCoursewareTold(line: LessonLine, publishing: UsedMediaLink<PublishSession>, courseware: Courseware): void {
  watch([() => isUp(publishing.link.value), () => line.line.value.kind], ([sending, signaling]) => {
    const lesson = line.view.value?.lesson;
    if (!sending || signaling !== "open" || lesson === undefined) return;
    const sharing = courseware.track.value !== null;
    if (sharing !== lesson.courseware) line.send({ type: sharing ? "start_courseware" : "stop_courseware" });
  });
}
