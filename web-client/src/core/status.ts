// The one sentence a classroom screen shows about how things stand. Nobody there is trained: the sentence says what
// is wrong or what happens next, and only the most pressing one is shown.

import { isDown, type MediaLink } from "./media-link";
import type { Line } from "./line";
import type { LessonView } from "./lesson";
import { stageOf } from "./stage";
import { weakLineOf, type WeakLine } from "./weak-line";

export type Equipment = "ok" | "no_camera" | "no_microphone" | "nothing" | "blocked";

export type StatusKey =
  | "connecting"
  | "no_lesson"
  | "reconnecting"
  | "media_reconnecting"
  | "media_refused"
  | "lead_away"
  | "voice_only"
  | WeakLine
  | "no_camera"
  | "no_microphone"
  | "no_equipment"
  | "equipment_blocked"
  | "waiting_doors"
  | "waiting_lead"
  | "on_floor"
  | "other_on_floor"
  | "hand_up"
  | "listening"
  | "ended";

export type Tone = "calm" | "active" | "warning";
export type Status = { key: StatusKey; tone: Tone };

/** What is known of the lesson to come while no line is open yet. */
export type Prospect = "unknown" | "unreachable" | "none" | "scheduled" | "joining" | "ended";

export type Situation = {
  prospect: Prospect;
  view: LessonView | null;
  line: Line;
  receiving: MediaLink;
  publishing: MediaLink;
  /** Null for a page that sends nothing. */
  equipment: Equipment | null;
};

export function statusOf(situation: Situation): Status {
  const { view, line } = situation;
  if (view?.lesson.phase === "ended") return { key: "ended", tone: "calm" };
  if (view === null) return line.kind === "waiting" ? warning("reconnecting") : prospectOf(situation.prospect);
  if (line.kind !== "open") return warning("reconnecting");
  return troubleOf(situation, view) ?? courseOf(view) ?? equipmentOf(situation.equipment) ?? restOf(view);
}

function prospectOf(prospect: Prospect): Status {
  switch (prospect) {
    case "unreachable":
      return warning("reconnecting");
    case "none":
      return { key: "no_lesson", tone: "calm" };
    case "scheduled":
      return { key: "waiting_doors", tone: "calm" };
    case "ended":
      return { key: "ended", tone: "calm" };
    case "unknown":
    case "joining":
      return { key: "connecting", tone: "calm" };
  }
}

function warning(key: StatusKey): Status {
  return { key, tone: "warning" };
}

function troubleOf(situation: Situation, view: LessonView): Status | null {
  if (view.lesson.phase !== "live") return null;
  const stage = stageOf(view);
  if (stage.kind === "live" && stage.leadAway) return warning("lead_away");
  if (situation.receiving.kind === "refused") return warning("media_refused");
  if (isDown(situation.receiving)) return warning("media_reconnecting");
  return null;
}

/** What is going on in the lesson that concerns this class more than its own equipment does. */
function courseOf(view: LessonView): Status | null {
  if (view.lesson.phase !== "live") return null;
  const stage = stageOf(view);
  if (stage.kind !== "live" && stage.kind !== "voice_only") return null;
  if (stage.onFloor) return { key: "on_floor", tone: "active" };
  if (stage.kind === "voice_only") return warning("voice_only");
  const weak = weakLineOf(stage, view.pictures);
  return weak === null ? null : warning(weak);
}

function equipmentOf(equipment: Equipment | null): Status | null {
  switch (equipment) {
    case "no_camera":
      return warning("no_camera");
    case "no_microphone":
      return warning("no_microphone");
    case "nothing":
      return warning("no_equipment");
    case "blocked":
      return warning("equipment_blocked");
    case "ok":
    case null:
      return null;
  }
}

function restOf(view: LessonView): Status {
  const { lesson, you } = view;
  if (lesson.phase === "scheduled") return { key: "waiting_doors", tone: "calm" };
  if (lesson.phase === "doors_open") return { key: "waiting_lead", tone: "calm" };
  if (lesson.floor.length > 0) return { key: "other_on_floor", tone: "calm" };
  return lesson.hands.includes(you) ? { key: "hand_up", tone: "active" } : { key: "listening", tone: "calm" };
}
