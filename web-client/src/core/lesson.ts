// The lesson as one page knows it: the snapshot of `welcome`, moved on by each later message.

import type { Line } from "./line";
import type {
  LessonSnapshot, LessonSummary, LineReport, Participant, ParticipantId, PictureGiven, Refusal, Role, ServerMessage,
} from "./protocol";

export type WallPage = { page: number; pages: number; tiles: ParticipantId[] };

export type LessonView = {
  you: ParticipantId;
  role: Role;
  lesson: LessonSnapshot;
  /** Lead only: which point each wall picture shows. */
  wall: WallPage | null;
  /** 到课人数 as the points told it: all of them to the lead, a point's own to itself. */
  headcounts: Readonly<Record<ParticipantId, number>>;
  /** Lead only: how the lines of the points on the wall do, as far as they told. */
  lines: Readonly<Record<ParticipantId, LineReport>>;
  /** What the line allows this page of its pictures, by video m-line; one that nothing is said of is given whole. */
  pictures: readonly PictureGiven[];
  /** The last request the server did not carry out; `count` tells two equal ones apart. */
  refusal: { reason: Refusal; detail: string; count: number } | null;
};

/** Messages before `welcome` are ignored: there is nothing yet they could change. */
export function applyMessage(view: LessonView | null, message: ServerMessage): LessonView | null {
  if (message.type === "welcome") {
    return {
      you: message.you, role: message.role, lesson: message.lesson, wall: view?.wall ?? null, headcounts: view?.headcounts ?? {},
      lines: view?.lines ?? {}, pictures: [], refusal: null,
    };
  }
  return view === null ? null : applyDelta(view, message);
}

function applyDelta(view: LessonView, message: Exclude<ServerMessage, { type: "welcome" }>): LessonView {
  switch (message.type) {
    case "phase_changed": {
      const liveSince = message.phase === "live" ? (view.lesson.live_since ?? message.at) : view.lesson.live_since;
      return withLesson(view, { phase: message.phase, live_since: liveSince });
    }
    case "participant_changed":
      return withLesson(view, { participants: replaced(view.lesson.participants, message.participant) });
    case "hands_changed":
      return withLesson(view, { hands: message.hands });
    case "floor_changed":
      return withLesson(view, { floor: message.floor });
    case "courseware_changed":
      return withLesson(view, { courseware: message.courseware });
    case "recording_changed":
      return withLesson(view, { recording: message.recording });
    case "plan_changed":
      return { ...view, lesson: message.lesson };
    case "headcount_changed":
      return { ...view, headcounts: { ...view.headcounts, [message.point]: message.count } };
    case "video_codec_changed":
      return withLesson(view, { video_codec: message.video_codec });
    case "wall_changed":
      return { ...view, wall: { page: message.page, pages: message.pages, tiles: message.tiles } };
    case "line_reported":
      return { ...view, lines: { ...view.lines, [message.participant]: message.report } };
    case "pictures_changed":
      return { ...view, pictures: message.pictures };
    case "refused":
      return { ...view, refusal: { reason: message.reason, detail: message.detail, count: (view.refusal?.count ?? 0) + 1 } };
    case "replaced":
    case "clock":
      return view;
  }
}

function withLesson(view: LessonView, change: Partial<LessonSnapshot>): LessonView {
  return { ...view, lesson: { ...view.lesson, ...change } };
}

function replaced(all: Participant[], one: Participant): Participant[] {
  const known = all.some((participant) => participant.id === one.id);
  return known ? all.map((participant) => (participant.id === one.id ? one : participant)) : [...all, one];
}

/** Whether the line itself keeps the page up to date: before the doors and after the end only the timetable knows what comes. */
export function isUnderWay(line: Line, view: LessonView | null): boolean {
  return line.kind === "open" && (view?.lesson.phase === "live" || view?.lesson.phase === "doors_open");
}

/** What a list told of a lesson, as the lesson's own line knows it by now: its plan may have been changed since. */
export function refreshed(summary: LessonSummary, lesson: LessonSnapshot | null): LessonSummary {
  if (lesson?.id !== summary.id) return summary;
  const { title, subject, class_group, master_teacher, hub_school, kind, starts_at, ends_at, phase, recording } = lesson;
  return {
    ...summary, title, subject, class_group, master_teacher, hub_school, kind, starts_at, ends_at, phase, recording,
    doors_open_at: summary.doors_open_at + starts_at - summary.starts_at,
    points: pointsOf(lesson).map((point) => point.name),
  };
}

export function isOnFloor(view: LessonView | null): boolean {
  return view?.lesson.floor.includes(view.you) ?? false;
}

export function leadOf(lesson: LessonSnapshot): Participant | null {
  return lesson.participants.find((participant) => participant.role === "master_teacher") ?? null;
}

export function pointsOf(lesson: LessonSnapshot): Participant[] {
  return lesson.participants.filter((participant) => participant.role === "classroom_device");
}

export function participantOf(lesson: LessonSnapshot, id: ParticipantId): Participant | null {
  return lesson.participants.find((participant) => participant.id === id) ?? null;
}

/** Music must not be chopped by speech-tuned audio, so its lessons are captured and sent differently. */
export function isMusic(subject: string): boolean {
  return /音乐|music/i.test(subject);
}
