// Finding a recording, and what a list may say about one.

import type { LessonSummary } from "./protocol";

/** Every word must occur somewhere in title, teacher, subject, school or class. */
export function findLessons(lessons: LessonSummary[], words: string): LessonSummary[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return lessons.filter((lesson) => {
    const text = [lesson.title, lesson.subject, lesson.master_teacher, lesson.hub_school, lesson.class_group]
      .join("\n").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

export type Watchable = "ready" | "in_progress" | "not_recordable" | "failed" | "none";

export function watchableOf(lesson: LessonSummary): Watchable {
  switch (lesson.recording) {
    case "finished":
      return "ready";
    case "recording":
      return "in_progress";
    case "not_recordable":
      return "not_recordable";
    case "failed":
      return "failed";
    case "idle":
      return "none";
  }
}

/** Whether there is something to play: a lesson that is being recorded plays from its beginning. */
export function opens(watchable: Watchable): boolean {
  return watchable === "ready" || watchable === "in_progress";
}

/** A colour per subject, so that a shelf of lessons can be told apart at a glance. */
export type SubjectHue = "amber" | "rose" | "sky" | "leaf" | "slate";

export function subjectHue(subject: string): SubjectHue {
  if (/音乐|music/i.test(subject)) return "amber";
  if (/美术|art/i.test(subject)) return "rose";
  if (/英语|english/i.test(subject)) return "sky";
  if (/科学|体育|science/i.test(subject)) return "leaf";
  return "slate";
}
