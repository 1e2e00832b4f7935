// Pictures for the time bar: which part of the sprite shows a moment.

import { beside } from "./paths";
import { readVtt } from "./vtt";

/** Larger sprites are not made; a claim beyond this is a mistake or a trick. */
const SPRITE_PX_MAX = 16_384;
const THUMBNAIL_PX_MAX = 640;

export type Thumbnail = { fromS: number; toS: number; sprite: string; x: number; y: number; width: number; height: number };

/** The thumbnails of a WebVTT file at `path`. Sprites must lie beside it: no other address is ever asked. */
export function readThumbnails(text: string, path: string): Thumbnail[] {
  return readVtt(text).flatMap((cue) => {
    const parts = /^([^#]{1,100})#xywh=(\d{1,5}),(\d{1,5}),(\d{1,4}),(\d{1,4})$/.exec(cue.text);
    if (parts === null) return [];
    const sprite = beside(path, parts[1] ?? "", ["jpg", "jpeg", "png", "webp"]);
    const [x, y, width, height] = [Number(parts[2]), Number(parts[3]), Number(parts[4]), Number(parts[5])];
    const fits = x + width <= SPRITE_PX_MAX && y + height <= SPRITE_PX_MAX;
    const sane = width > 0 && height > 0 && width <= THUMBNAIL_PX_MAX && height <= THUMBNAIL_PX_MAX;
    return sprite === null || !fits || !sane ? [] : [{ fromS: cue.fromS, toS: cue.toS, sprite, x, y, width, height }];
  });
}

/** The picture of a moment: the last that began, for no hole between two of them is worth an empty box. */
export function thumbnailAt(thumbnails: Thumbnail[], timeS: number): Thumbnail | null {
  let [low, high] = [0, thumbnails.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((thumbnails[middle]?.fromS ?? 0) <= timeS) low = middle + 1;
    else high = middle;
  }
  return thumbnails[low - 1] ?? null;
}
