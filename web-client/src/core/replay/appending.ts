// What to append next to a source buffer so that playing never waits, and what to drop so that it never fills.
//
//        BEHIND_S      AHEAD_S
//   ~~~~|=========|play|===============>|  append until so much is ahead of the playhead
//   drop                                   what is far behind, and what a seek left far ahead

import type { Bytes, Part, PartList } from "./parts";

/** A slow line needs some reserve; more would only fill the memory of an old panel. */
export const AHEAD_S = 30;
const BEHIND_S = 30;
/** Dropped in larger pieces than it grows, so that it is not dropped at every turn. */
const SLACK_S = 30;
/** Neighbouring parts are asked for together up to this, for a request costs more than its bytes. */
const TOGETHER_S = 4;
const TOGETHER_BYTES = 2_000_000;
/** A hole as small as this is stepped over: rounding, or a track that begins a frame late. */
const STEP_OVER_S = 1;
/** Times are rounded to milliseconds in the list, and to a microsecond in the buffer. */
const ROUNDING_S = 0.002;

export type Range = { fromS: number; toS: number };
/** How far a track is: the next part, and the epoch whose init segment the buffer got last. */
export type Cursor = { next: number; epoch: number | null };

export type Append =
  | { kind: "idle" }
  | { kind: "done" }
  | { kind: "drop"; range: Range }
  | { kind: "init"; epoch: number }
  | { kind: "parts"; epoch: number; bytes: Bytes; next: number };

/** Where a track goes on after a seek: the last keyframe before what is missing, from which decoding can begin. */
export function cursorAt(list: PartList, buffered: Range[], playheadS: number, epoch: number | null): Cursor {
  const missingS = aheadOf(buffered, playheadS) ?? playheadS;
  let next = 0;
  for (const [index, part] of list.parts.entries()) {
    if (part.fromS > missingS + ROUNDING_S) break;
    if (part.key) next = index;
  }
  return { next, epoch };
}

export function nextAppend(list: PartList, cursor: Cursor, buffered: Range[], playheadS: number): Append {
  const far = farAway(buffered, playheadS);
  if (far !== null) return { kind: "drop", range: far };
  const part = list.parts[cursor.next];
  if (part === undefined) return { kind: list.ended ? "done" : "idle" };
  if (part.fromS > playheadS + AHEAD_S) return { kind: "idle" };
  if (part.epoch !== cursor.epoch) return { kind: "init", epoch: part.epoch };
  return together(list.parts, cursor.next, part);
}

/** What to drop when the buffer is full although little is ahead: all that was played. */
export function dropPlayed(buffered: Range[], playheadS: number): Range | null {
  const fromS = buffered[0]?.fromS;
  return fromS === undefined || fromS >= playheadS - 2 ? null : { fromS, toS: playheadS - 2 };
}

/** Where to step to when the playhead stands before a small hole; null where it does not. */
export function stepOver(buffered: Range[], playheadS: number): number | null {
  if (aheadOf(buffered, playheadS) !== null) return null;
  const next = buffered.find((range) => range.fromS > playheadS);
  return next !== undefined && next.fromS - playheadS <= STEP_OVER_S ? next.fromS + ROUNDING_S : null;
}

/** The end of the range that holds the moment and something beyond it. */
function aheadOf(buffered: Range[], atS: number): number | null {
  return buffered.find((range) => range.fromS <= atS + ROUNDING_S && range.toS > atS + ROUNDING_S)?.toS ?? null;
}

function farAway(buffered: Range[], playheadS: number): Range | null {
  const [first, last] = [buffered[0], buffered[buffered.length - 1]];
  if (first === undefined || last === undefined) return null;
  if (first.fromS < playheadS - BEHIND_S - SLACK_S) return { fromS: first.fromS, toS: playheadS - BEHIND_S };
  if (last.toS > playheadS + AHEAD_S + SLACK_S) return { fromS: Math.max(last.fromS, playheadS + AHEAD_S), toS: last.toS };
  return null;
}

function together(parts: Part[], from: number, first: Part): Append {
  let next = from + 1;
  let length = first.length;
  for (let part = parts[next]; part !== undefined; part = parts[next]) {
    const joins = part.epoch === first.epoch && part.offset === first.offset + length;
    if (!joins || part.toS - first.fromS > TOGETHER_S || length + part.length > TOGETHER_BYTES) break;
    length += part.length;
    next += 1;
  }
  return { kind: "parts", epoch: first.epoch, bytes: { offset: first.offset, length }, next };
}
