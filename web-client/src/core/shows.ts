// How large this page shows its pictures, for the server: what is not looked at needs no line. Told when it changed, but
// not at every step of a window that is being dragged.

import type { ClientMessage, PictureShown } from "./protocol";

/** In CSS pixels. */
export type Size = { width: number; height: number };

/** From a change to its telling; what changes meanwhile goes with it. */
export const SETTLE_MS = 300;
const LARGEST = 65_535;

/** `sizes` stand in the order of the video m-lines, null where a picture has no place on the page. `ratio`: screen pixels to a CSS pixel. */
export function shownPictures(sizes: readonly (Size | null)[], ratio: number, visible: boolean): PictureShown[] {
  const pixels = (length: number): number => Math.min(LARGEST, Math.max(0, Math.round(length * ratio)));
  return sizes.map((size) => (visible && size !== null ? { width: pixels(size.width), height: pixels(size.height) } : { width: 0, height: 0 }));
}

export type Shows = {
  /** Null before this session was told anything. */
  told: readonly PictureShown[] | null;
  next: { pictures: readonly PictureShown[]; atMs: number } | null;
};

export type ShowsEvent =
  | { kind: "measured"; pictures: readonly PictureShown[] }
  /** Another media session, or a line that is open again: whatever was told is forgotten. */
  | { kind: "anew"; pictures: readonly PictureShown[] }
  | { kind: "tick" };

export type ShowsStep = { shows: Shows; send: ClientMessage | null };

export const NOTHING_SHOWN: Shows = { told: null, next: null };

export function showsStep(shows: Shows, event: ShowsEvent, nowMs: number): ShowsStep {
  switch (event.kind) {
    case "anew":
      return { shows: { told: null, next: { pictures: event.pictures, atMs: nowMs + SETTLE_MS } }, send: null };
    case "measured": {
      const known = shows.told !== null && isSame(shows.told, event.pictures);
      const next = known ? null : { pictures: event.pictures, atMs: shows.next?.atMs ?? nowMs + SETTLE_MS };
      return { shows: { ...shows, next }, send: null };
    }
    case "tick": {
      const { next } = shows;
      if (next === null || nowMs < next.atMs) return { shows, send: null };
      return { shows: { told: next.pictures, next: null }, send: { type: "shows", pictures: [...next.pictures] } };
    }
  }
}

function isSame(one: readonly PictureShown[], other: readonly PictureShown[]): boolean {
  return one.length === other.length
    && one.every((picture, index) => picture.width === other[index]?.width && picture.height === other[index].height);
}
