// What lessons and days are called in English.

import type { lessonWordsZh } from "./lesson-words-zh";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export const lessonWordsEn: typeof lessonWordsZh = {
  weekday: (day) => WEEKDAYS[day - 1] ?? "",
  weekdayShort: (day) => WEEKDAYS[day - 1] ?? "",
  separator: ", ",
  dayAndPeriod: (day, period) => `${day}, period ${period}`,
  kinds: {
    dedicated_lesson: "Dedicated lesson", synchronous_lesson: "Synchronous lesson", research_meeting: "Research meeting",
    record_only: "Recording only", broadcast_lesson: "Broadcast", ad_hoc_lesson: "Ad hoc lesson",
  },
  marks: {
    moved: "Moved", substituted: "Substitute", cancelled: "Cancelled", ad_hoc: "Ad hoc", extra: "Added", conflict: "Conflict",
  },
  off: (name) => `Off: ${name}`,
  follows: (week, day) => `Makeup day: lessons of ${day}, week ${week}`,
  dayTitle: (day, weekday) => `${weekday} ${day}`,
};
