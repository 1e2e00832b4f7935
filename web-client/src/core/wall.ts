// The master's wall: one tile per teaching point of the page shown, with what the teacher can do there.

import { participantOf, pointsOf, type LessonView } from "./lesson";
import type { LineReport, LinkState, Participant, ParticipantId, Presence } from "./protocol";

/** Pictures the master's page receives at once; further points are on further pages. */
export const WALL_TILES = 9;

export type TileTrouble = "lost" | "poor_link" | "no_video";

export type Tile = {
  id: ParticipantId;
  name: string;
  /** The digit that calls on it, from 1. */
  digit: number;
  /** Which video m-line of the receiving session carries its picture; null until the server said so. */
  pictureLine: number | null;
  /** How its line does; null until it told, and while it is away. */
  line: LineReport | null;
  /** The teacher's own line does not carry its picture. */
  withheld: boolean;
  presence: Presence;
  link: LinkState;
  /** Place in the queue of raised hands from 1, or null. */
  hand: number | null;
  /** 到课人数, if it was told. */
  headcount: number | null;
  action: "call_on" | "release" | "none";
  trouble: TileTrouble | null;
};

export function wallLines(points: number): number {
  return Math.min(Math.max(points, 1), WALL_TILES);
}

export function tilesOf(view: LessonView): Tile[] {
  const shown = view.wall === null
    ? pointsOf(view.lesson).slice(0, WALL_TILES)
    : view.wall.tiles.map((id) => participantOf(view.lesson, id) ?? unknown(id));
  return shown.map((point, index) => tileOf(view, point, index));
}

function tileOf(view: LessonView, point: Participant, index: number): Tile {
  const { lesson } = view;
  const place = lesson.hands.indexOf(point.id);
  return {
    id: point.id,
    name: point.name,
    digit: index + 1,
    pictureLine: view.wall === null ? null : index,
    line: point.presence === "present" ? (view.lines[point.id] ?? null) : null,
    withheld: view.wall !== null && view.pictures[index] === "withheld",
    presence: point.presence,
    link: point.link,
    hand: place < 0 ? null : place + 1,
    headcount: view.headcounts[point.id] ?? null,
    action: actionFor(point, lesson.floor.includes(point.id), lesson.phase === "live"),
    trouble: troubleOf(point),
  };
}

/** A floor whose holder dropped out can still be released, so that the teacher is never stuck with it. */
function actionFor(point: Participant, onFloor: boolean, live: boolean): Tile["action"] {
  if (onFloor) return "release";
  return live && point.presence === "present" ? "call_on" : "none";
}

function troubleOf(point: Participant): TileTrouble | null {
  if (point.presence === "lost") return "lost";
  if (point.presence !== "present") return null;
  if (point.link === "poor") return "poor_link";
  return point.sees_video ? null : "no_video";
}

function unknown(id: ParticipantId): Participant {
  return { id, name: id, role: "classroom_device", presence: "absent", link: "unknown", sees_video: true };
}

/** What a key does on the master's live page; null when it is none of ours. */
export type TeachKey =
  | { kind: "call_on"; point: ParticipantId }
  | { kind: "release"; point: ParticipantId }
  | { kind: "mute" };

export function teachKey(view: LessonView, key: string): TeachKey | null {
  if (key === "m" || key === "M") return { kind: "mute" };
  if (key === "Escape") {
    const holder = view.lesson.floor[0];
    return holder === undefined ? null : { kind: "release", point: holder };
  }
  const tile = tilesOf(view).find((each) => String(each.digit) === key);
  return tile?.action === "call_on" ? { kind: "call_on", point: tile.id } : null;
}
