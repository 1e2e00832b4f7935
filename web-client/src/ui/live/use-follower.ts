// What the classroom's and the observer's pages share: following a lesson's line and receiving its three pictures
// and two voices.

import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from "vue";

import { isMusic, isOnFloor, isUnderWay } from "../../core/lesson";
import { LISTENING, nextPatience } from "../../core/patience";
import type { LessonId, LessonSummary, LineReport } from "../../core/protocol";
import { serverNow, type ServerClock } from "../../core/server-clock";
import type { Prospect } from "../../core/status";
import { PICTURE_LINES, stageOf, type Source, type Stage } from "../../core/stage";
import type { SubscribeSession } from "../../io/whep";
import { session } from "../session";
import { useCurrentLesson } from "./use-current-lesson";
import { useJoined } from "./use-joined";
import { clockOf, useLessonLine, type LessonLine } from "./use-lesson-line";
import type { UsedMediaLink } from "./use-media-link";
import { useReceived } from "./use-received";
import { FLOOR_VOICE, FOLLOWER_LINES, LEAD_VOICE, useReceiving } from "./use-receiving";
import { useShows } from "./use-shows";
import { useTick } from "./use-tick";

export type Pictures = Record<Exclude<Source, "self">, MediaStreamTrack | null>;

export type Follower = {
  token: string;
  joined: ShallowRef<LessonId | null>;
  current: ShallowRef<LessonSummary | null | undefined>;
  line: LessonLine;
  receiving: UsedMediaLink<SubscribeSession>;
  stage: ComputedRef<Stage | null>;
  pictures: ComputedRef<Pictures>;
  voices: ComputedRef<{ lead: MediaStreamTrack | null; floor: MediaStreamTrack | null }>;
  prospect: ComputedRef<Prospect>;
  /** Takes in how its line does, and lets voices wait for as long as that takes. */
  tune: (report: LineReport) => void;
  /** The server's time, for countdowns; null until known. */
  now: ComputedRef<number | null>;
};

/** `chosen` is a lesson asked for by name (an observer's link); otherwise the timetable decides. */
export function useFollower(chosen: () => LessonId | null): Follower {
  const token = session.token ?? "";
  const joined = shallowRef<LessonId | null>(chosen());
  const line = useLessonLine(() => joined.value, token);
  const { view } = line;
  const asked = useCurrentLesson(() => isUnderWay(line.line.value, view.value));
  const tick = useTick(500);
  const clock = computed<ServerClock>(() => clockOf(line, asked.clock.value));
  const now = computed(() => serverNow(clock.value, tick.value));
  const byTimetable = useJoined({ current: asked.current, view: () => view.value, now: () => now.value, spread: true });
  watch([byTimetable, chosen], ([id, wish]) => (joined.value = wish ?? id), { immediate: true });

  const receiving = useReceiving(() => {
    const lesson = view.value?.lesson;
    if (joined.value === null || lesson === undefined || line.line.value.kind === "replaced") return null;
    if (lesson.phase !== "live" && lesson.phase !== "doors_open") return null;
    return { lesson: joined.value, token, ...FOLLOWER_LINES, stereo: isMusic(lesson.subject) };
  }, line);

  useReceived(receiving.session, line);
  // Whoever only listens can wait for what was lost; a class that is spoken with cannot.
  const patience = shallowRef(LISTENING);
  watch(joined, () => (patience.value = LISTENING));
  watch([receiving.session, () => isOnFloor(view.value), () => patience.value.ms], ([session, spokenWith, ms]) =>
    session?.setPatience(spokenWith ? null : ms));
  useShows(receiving.session, line);

  const videoOf = (source: Exclude<Source, "self">): MediaStreamTrack | null =>
    receiving.session.value?.video[PICTURE_LINES[source]] ?? null;
  const audioAt = (index: number): MediaStreamTrack | null => receiving.session.value?.audio[index] ?? null;
  return {
    token, joined, current: asked.current, line, receiving,
    stage: computed(() => {
      if (view.value !== null) return stageOf(view.value);
      return asked.current.value?.phase === "ended" ? { kind: "ended" } : null;
    }),
    pictures: computed(() => ({
      lead_camera: videoOf("lead_camera"), lead_screen: videoOf("lead_screen"), floor: videoOf("floor"),
    })),
    voices: computed(() => ({ lead: audioAt(LEAD_VOICE), floor: audioAt(FLOOR_VOICE) })),
    tune: (report) => {
      // What is made up while nothing waits says nothing of how long to wait.
      if (!isOnFloor(view.value)) patience.value = nextPatience(patience.value, report);
    },
    prospect: computed(() => prospectOf(asked.current.value, asked.failure.value !== null)),
    now,
  };
}

function prospectOf(current: LessonSummary | null | undefined, failed: boolean): Prospect {
  if (failed) return "unreachable";
  if (current === undefined) return "unknown";
  if (current === null) return "none";
  if (current.phase === "ended") return "ended";
  return current.phase === "scheduled" ? "scheduled" : "joining";
}
