// How the pictures of one moment stand on the screen: which of them are shown, and which is large.

import { covers, type ReplayView } from "./views";

/** One large and the others small beside it, or all of one size. */
export type Look = "large" | "equal";

/** How many pictures a screen of this width holds: each needs a decoder and enough pixels to be read. */
export function capacityOf(widthPx: number): number {
  if (widthPx < 640) return 1;
  return widthPx < 800 ? 2 : 4;
}

/** The chosen picture first, then those worth seeing beside it at this moment, as many as there is room for. */
export function shownViews(views: ReplayView[], chosen: string, timeS: number, calledOn: string | null, capacity: number): ReplayView[] {
  const first = views.find((view) => view.name === chosen) ?? views[0];
  if (first === undefined) return [];
  const beside = views.filter((view) => view !== first && covers(view, timeS) && (view.lead || view.name === calledOn));
  return [first, ...beside].slice(0, capacity);
}

/** The class a chapter is about, which its title names; without one, none is shown beside the lead. */
export function calledOn(views: ReplayView[], chapterTitle: string | null): string | null {
  if (chapterTitle === null) return null;
  const named = views.filter((view) => !view.lead && view.person !== "" && chapterTitle.includes(view.person));
  // "Point 1" is within "Point 12": the longest name is meant.
  const longest = named.sort((a, b) => b.person.length - a.person.length)[0];
  return longest?.name ?? null;
}
