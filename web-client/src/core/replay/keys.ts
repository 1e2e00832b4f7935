// What a key does to the player: a keyboard, or the arrows and OK of a television's remote control.

import { SKIP_S } from "./position";

export type PlayerKey =
  | { kind: "toggle" }
  | { kind: "skip"; byS: number }
  | { kind: "share"; share: number }
  | { kind: "chapter"; by: 1 | -1 }
  | { kind: "begin" }
  | { kind: "end" }
  | { kind: "mute" }
  | { kind: "fullscreen" };

const KEYS = new Map<string, PlayerKey>([
  [" ", { kind: "toggle" }],
  ["k", { kind: "toggle" }],
  ["ArrowRight", { kind: "skip", byS: SKIP_S }],
  ["ArrowLeft", { kind: "skip", byS: -SKIP_S }],
  ["Home", { kind: "begin" }],
  ["End", { kind: "end" }],
  ["[", { kind: "chapter", by: -1 }],
  ["]", { kind: "chapter", by: 1 }],
  ["m", { kind: "mute" }],
  ["f", { kind: "fullscreen" }],
]);

/** A digit goes to that tenth of the lesson. */
export function playerKey(key: string): PlayerKey | null {
  return /^[0-9]$/.test(key) ? { kind: "share", share: Number(key) / 10 } : (KEYS.get(key) ?? null);
}

export type Direction = "up" | "down" | "left" | "right";
export type Box = { x: number; y: number; width: number; height: number };

const DIRECTIONS = new Map<string, Direction>([
  ["ArrowUp", "up"], ["ArrowDown", "down"], ["ArrowLeft", "left"], ["ArrowRight", "right"],
]);

export function directionOf(key: string): Direction | null {
  return DIRECTIONS.get(key) ?? null;
}

/** Being off to the side counts this much more than being far. */
const SIDEWAYS = 3;

/** Which of the boxes an arrow goes to from `from`: the nearest that lies in that direction, or null. */
export function nextBox(from: Box, boxes: Box[], direction: Direction): number | null {
  let best: { index: number; distance: number } | null = null;
  for (const [index, box] of boxes.entries()) {
    const distance = distanceTo(from, box, direction);
    if (distance !== null && (best === null || distance < best.distance)) best = { index, distance };
  }
  return best?.index ?? null;
}

function distanceTo(from: Box, box: Box, direction: Direction): number | null {
  const level = direction === "left" || direction === "right";
  const forward = direction === "right" || direction === "down";
  const [near, far] = forward ? [from, box] : [box, from];
  const along = level ? far.x - (near.x + near.width) : far.y - (near.y + near.height);
  // Boxes that touch or overlap a little still lie beside each other.
  if (along < -2) return null;
  const aside = level ? gap(from.y, from.height, box.y, box.height) : gap(from.x, from.width, box.x, box.width);
  return Math.max(0, along) + aside * SIDEWAYS;
}

/** How far two stretches of a line are apart; none where they overlap. */
function gap(aAt: number, aLength: number, bAt: number, bLength: number): number {
  return Math.max(0, bAt - (aAt + aLength), aAt - (bAt + bLength));
}
