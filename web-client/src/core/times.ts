// Times as people read them. Schools live in China's one zone, whatever the box is set to.

import type { UtcMs } from "./protocol";

export type Language = "zh" | "en";

const ZONE = "Asia/Shanghai";
const LOCALE: Record<Language, string> = { zh: "zh-CN", en: "en-GB" };

/** `09:40` */
export function clockTime(at: UtcMs): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** `09:40:07` */
export function clockSeconds(at: UtcMs): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  }).format(at);
}

/** `11月23日 星期一` */
export function dayName(at: UtcMs, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { timeZone: ZONE, month: "long", day: "numeric", weekday: "long" })
    .format(at)
    .replace(/日(?=星)/, "日 ");
}

/** `2026年11月23日` */
export function dateName(at: UtcMs, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { timeZone: ZONE, year: "numeric", month: "long", day: "numeric" }).format(at);
}

/** `4:07` or `1:04:07`; a negative length counts as none. */
export function lengthText(lengthMs: number): string {
  const total = Math.max(0, Math.floor(lengthMs / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** How the running lesson stands against its bell. */
export type LessonTime =
  | { kind: "before"; toStartMs: number }
  | { kind: "running"; elapsedMs: number; leftMs: number }
  | { kind: "overrun"; overMs: number };

export function lessonTime(lesson: { starts_at: UtcMs; ends_at: UtcMs; live_since: UtcMs | null }, now: UtcMs): LessonTime {
  if (now >= lesson.ends_at) return { kind: "overrun", overMs: now - lesson.ends_at };
  if (lesson.live_since === null && now < lesson.starts_at) return { kind: "before", toStartMs: lesson.starts_at - now };
  return { kind: "running", elapsedMs: Math.max(0, now - (lesson.live_since ?? lesson.starts_at)), leftMs: lesson.ends_at - now };
}
