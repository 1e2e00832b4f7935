// An edit while it is being filled in: of one lesson, or a lesson that is added.

import type { Course, DatePeriod, Edit, SessionKind, Term, WeekLesson } from "../protocol";
import { minutesOf } from "./bells";
import { termOn, type IsoDate } from "./dates";

export const ACTIONS = ["reschedule", "substitute", "change_room", "cancel", "retitle", "restore"] as const;
export type Action = (typeof ACTIONS)[number];

export type Draft = { to: DatePeriod; teacher: string | null; room: string | null; reason: string; title: string };

export function draftOf(lesson: WeekLesson): Draft {
  return {
    to: { date: lesson.date, period: lesson.period }, teacher: null, room: null, reason: lesson.cancelled ?? "", title: lesson.title,
  };
}

/** The edit as filled in; null while something is missing or it is still as the lesson is. */
export function editOf(action: Action, draft: Draft, lesson: WeekLesson): Edit | null {
  const reason = draft.reason.trim();
  const title = draft.title.trim();
  switch (action) {
    case "reschedule": {
      const { date, period } = draft.to;
      if (date === "" || period === 0 || (date === lesson.date && period === lesson.period)) return null;
      return { edit: action, lesson: lesson.id, to: { date, period } };
    }
    case "substitute":
      return draft.teacher === null || draft.teacher === lesson.teacher ? null : { edit: action, lesson: lesson.id, teacher: draft.teacher };
    case "change_room":
      return draft.room === null || draft.room === lesson.master_room ? null : { edit: action, lesson: lesson.id, room: draft.room };
    case "cancel":
      return reason === "" || reason === lesson.cancelled ? null : { edit: action, lesson: lesson.id, reason };
    case "retitle":
      return title === "" || title === lesson.title ? null : { edit: action, lesson: lesson.id, title };
    case "restore":
      return { edit: action, lesson: lesson.id };
  }
}

/** What is filled in of a lesson that is added. */
export type NewLesson = {
  kind: SessionKind; title: string; subject: string; grade: string; classGroup: string; teacher: string | null; school: string | null;
  masterRoom: string | null; points: string[]; date: IsoDate; period: number; starts: string; ends: string;
};

export function newLesson(date: IsoDate, period: number): NewLesson {
  return {
    kind: "ad_hoc_lesson", title: "", subject: "", grade: "", classGroup: "", teacher: null, school: null, masterRoom: null, points: [],
    date, period, starts: "", ends: "",
  };
}

export type NewLessonTrouble = "incomplete" | "times" | "outside_term";

export function addOf(draft: NewLesson, terms: Term[]): { edit: Edit } | { trouble: NewLessonTrouble } {
  const [title, subject] = [draft.title.trim(), draft.subject.trim()];
  if (title === "" || subject === "" || draft.teacher === null || draft.school === null) return { trouble: "incomplete" };
  const term = termOn(terms, draft.date);
  if (term === null) return { trouble: "outside_term" };
  const [starts_min, ends_min] = draft.period > 0 ? [0, 0] : [minutesOf(draft.starts), minutesOf(draft.ends)];
  if (starts_min === null || ends_min === null) return { trouble: "incomplete" };
  if (draft.period === 0 && ends_min <= starts_min) return { trouble: "times" };
  const course: Course = {
    // The server gives it an id of its own, which must be well formed all the same.
    id: "new", term: term.id, name: title, subject, grade: draft.grade.trim(), kind: draft.kind, hub_school: draft.school,
    class_group: draft.classGroup.trim(), master_teacher: draft.teacher, master_room: draft.masterRoom,
    points: draft.points.map((room) => ({ room, class_group: "" })),
  };
  return { edit: { edit: "add_lesson", course, title, date: draft.date, period: draft.period, starts_min, ends_min } };
}
