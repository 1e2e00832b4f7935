// What a thin line costs this screen, as one thing to say: which of the pictures it shows do not come, or come as stills.
// Smaller or slower pictures are nothing to speak of.

import type { PictureGiven } from "./protocol";
import { PICTURE_LINES, type Source, type Stage } from "./stage";

export type WeakLine =
  /** No picture at all. */
  | "sound_only"
  /** Of everything only courseware comes, as stills. */
  | "sound_and_stills"
  /** Of everything only courseware comes. */
  | "sound_and_courseware"
  /** Courseware comes as stills. */
  | "courseware_stills"
  /** Courseware alone does not come. */
  | "courseware_withheld"
  /** Some other picture does not come. */
  | "some_withheld"
  /** Some other picture comes as stills. */
  | "some_stills";

type Live = Extract<Stage, { kind: "live" }>;

/** A picture that nothing was said of is given whole. */
export function givenOf(source: Source, pictures: readonly PictureGiven[]): PictureGiven {
  return source === "self" ? "whole" : (pictures[PICTURE_LINES[source]] ?? "whole");
}

/** The worst of what concerns the pictures of the stage; a picture that is not on it is not missed. */
export function weakLineOf(stage: Live, pictures: readonly PictureGiven[]): WeakLine | null {
  const sources = [stage.main, ...stage.insets].filter((source) => source !== "self");
  const given = sources.map((source) => givenOf(source, pictures));
  if (given.every((each) => each === "withheld")) return "sound_only";
  const courseware = sources.includes("lead_screen") ? givenOf("lead_screen", pictures) : null;
  const others = sources.filter((source) => source !== "lead_screen").map((source) => givenOf(source, pictures));
  const alone = others.length > 0 && others.every((each) => each === "withheld");
  if (courseware === "stills") return alone ? "sound_and_stills" : "courseware_stills";
  if (courseware === "withheld") return "courseware_withheld";
  if (courseware !== null && alone) return "sound_and_courseware";
  if (others.includes("withheld")) return "some_withheld";
  return others.includes("stills") ? "some_stills" : null;
}
