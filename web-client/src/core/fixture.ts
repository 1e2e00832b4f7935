// A lesson for tests: one master teacher, three teaching points, live for a minute; and the same one in a list;
// and the counters of a line on which nothing has happened.

import type { LessonView } from "./lesson";
import type { LineReading } from "./line-report";
import type { LessonSnapshot, LessonSummary, Participant } from "./protocol";

export const BELL = Date.UTC(2026, 10, 23, 1, 0, 0);

export function point(number: number, change: Partial<Participant> = {}): Participant {
  return {
    id: `point-${number}`, name: `第${number}教学点`, role: "classroom_device", presence: "present", link: "good",
    sees_video: true, ...change,
  };
}

export function lessonWith(change: Partial<LessonSnapshot> = {}): LessonSnapshot {
  return {
    id: "music-3a", title: "小星星", subject: "音乐", class_group: "三年级", master_teacher: "王老师", hub_school: "实验小学",
    starts_at: BELL, ends_at: BELL + 40 * 60_000, latest_end: BELL + 55 * 60_000, kind: "dedicated_lesson", phase: "live", live_since: BELL,
    participants: [
      { id: "master", name: "王老师", role: "master_teacher", presence: "present", link: "good", sees_video: true },
      point(1), point(2), point(3),
    ],
    hands: [], floor: [], courseware: false, recording: "recording", video_codec: "h264", ...change,
  };
}

export function viewOf(you: string, change: Partial<LessonSnapshot> = {}): LessonView {
  return {
    you, role: you === "master" ? "master_teacher" : "classroom_device", lesson: lessonWith(change), wall: null,
    headcounts: {}, lines: {}, pictures: [], refusal: null,
  };
}

export function summaryWith(change: Partial<LessonSummary> = {}): LessonSummary {
  const starts = change.starts_at ?? BELL;
  return {
    id: "music-3a", title: "小星星", subject: "音乐", class_group: "三年级", master_teacher: "王老师", hub_school: "实验小学",
    kind: "dedicated_lesson", points: ["第1教学点", "第2教学点", "第3教学点"], cancelled: null, period: 2,
    doors_open_at: starts - 10 * 60_000, starts_at: starts, ends_at: starts + 40 * 60_000, phase: "scheduled", recording: "idle",
    duration_ms: null, ...change,
  };
}

export function readingWith(change: Partial<LineReading> = {}): LineReading {
  return {
    atMs: 0, rttMs: null, protocol: null, bytesUp: 0, bytesDown: 0, received: 0, lost: 0, sent: 0, sentLost: null, sentAgain: 0, upLost: null,
    upAvailable: null, jitterMs: null, samples: 0, concealed: 0, main: null, ...change,
  };
}
