// What a screen that follows the lesson shows, and where: the teaching points' and the observers' view.
// Three pictures may arrive (lead camera, lead courseware, floor); the layout says which is large, which are small.

import { leadOf, participantOf, type LessonView } from "./lesson";

export type Source = "lead_camera" | "lead_screen" | "floor" | "self";

/** Which video m-line of a page that follows the lesson brings what, in the order the server fills them. */
export const PICTURE_LINES: Record<Exclude<Source, "self">, number> = { lead_camera: 0, lead_screen: 1, floor: 2 };

export type Stage =
  /** Doors are not open yet, or the lead has not begun. */
  | { kind: "waiting"; startsAtMs: number; doorsOpen: boolean }
  /** The lesson's codec does not play here: one voice, no picture. */
  | { kind: "voice_only"; leadName: string; floorName: string | null; onFloor: boolean }
  | { kind: "live"; main: Source; insets: Source[]; onFloor: boolean; floorName: string | null; leadAway: boolean }
  | { kind: "ended" };

export function stageOf(view: LessonView): Stage {
  const { lesson, you } = view;
  if (lesson.phase === "ended") return { kind: "ended" };
  if (lesson.phase !== "live") {
    return { kind: "waiting", startsAtMs: lesson.starts_at, doorsOpen: lesson.phase === "doors_open" };
  }
  const holder = lesson.floor[0] ?? null;
  const onFloor = lesson.floor.includes(you);
  const floorName = holder === null ? null : (participantOf(lesson, holder)?.name ?? holder);
  const lead = leadOf(lesson);
  if (participantOf(lesson, you)?.sees_video === false) {
    return { kind: "voice_only", leadName: lead?.name ?? lesson.master_teacher, floorName, onFloor };
  }
  const leadAway = lead !== null && lead.presence !== "present";
  return { kind: "live", ...pictures(lesson.courseware, holder !== null, onFloor), onFloor, floorName, leadAway };
}

/** The class called on is large on every screen but its own: there it sees the lead, and itself small. */
function pictures(courseware: boolean, floorHeld: boolean, onFloor: boolean): { main: Source; insets: Source[] } {
  const lead: Source[] = courseware ? ["lead_screen", "lead_camera"] : ["lead_camera"];
  const [first = "lead_camera", ...rest] = lead;
  if (onFloor) return { main: first, insets: [...rest, "self"] };
  return floorHeld ? { main: "floor", insets: lead } : { main: first, insets: rest };
}
