// Chapters on the time bar: which one is being played, and where the one before and after begin.

import { readVtt, type Cue } from "./vtt";

/** A bar or a list with more is of no use to anyone. */
export const CHAPTERS_MAX = 200;
/** Going back within this of a chapter's beginning means the one before it. */
const BACK_WITHIN_S = 3;

export type Chapter = { fromS: number; title: string };

export function readChapters(text: string): Chapter[] {
  return readVtt(text).slice(0, CHAPTERS_MAX).map((cue: Cue) => ({ fromS: cue.fromS, title: cue.text }));
}

/** The chapter at a moment as its place in the list; null before the first. */
export function chapterAt(chapters: Chapter[], timeS: number): number | null {
  const later = chapters.findIndex((chapter) => chapter.fromS > timeS);
  const at = (later < 0 ? chapters.length : later) - 1;
  return at < 0 ? null : at;
}

/** Where a jump by one chapter lands; null where there is none further. */
export function chapterJump(chapters: Chapter[], timeS: number, by: 1 | -1): number | null {
  const at = chapterAt(chapters, timeS) ?? -1;
  if (by === 1) return chapters[at + 1]?.fromS ?? null;
  const current = chapters[at];
  if (current === undefined) return null;
  return timeS - current.fromS > BACK_WITHIN_S ? current.fromS : (chapters[at - 1] ?? current).fromS;
}
