// What lessons and days are called in Chinese, on the pages of the timetable and of the day alike.

const WEEKDAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

export const lessonWordsZh = {
  weekday: (day: number): string => WEEKDAYS[day - 1] ?? "",
  weekdayShort: (day: number): string => (WEEKDAYS[day - 1] ?? "").slice(1),
  separator: "、",
  dayAndPeriod: (day: string, period: number): string => `${day} 第 ${period} 节`,
  kinds: {
    dedicated_lesson: "专门开课", synchronous_lesson: "同步课堂", research_meeting: "集体备课与教研", record_only: "微课录制",
    broadcast_lesson: "直播大课", ad_hoc_lesson: "自主开课",
  },
  marks: { moved: "调课", substituted: "代课", cancelled: "停课", ad_hoc: "自主开课", extra: "临时加课", conflict: "冲突" },
  off: (name: string): string => `放假 ${name}`,
  follows: (week: number, day: string): string => `补班：上第 ${week} 周${day}的课`,
  dayTitle: (day: string, weekday: string): string => `${day} ${weekday}`,
};
