// What each seat captures and how much of the line it may use. Bitrates are caps given to the encoder through the
// sender's parameters; they are never written into SDP, where some stacks would take them as a floor.

import { isMusic } from "./lesson";

export type PictureAsk = { width: number; height: number; frameRate: number };
export type VideoPlan = PictureAsk & { maxBitrate: number; hint: "motion" | "detail" };

/** Sharp from the first second: a picture hinted as motion is shrunk until the rate estimate has grown. */
export const MASTER_CAMERA: VideoPlan = { width: 1280, height: 720, frameRate: 25, maxBitrate: 1_500_000, hint: "detail" };
/** Low rate: it only feeds the master's wall until the class is called on, over a line of 1 Mbit/s up. */
export const POINT_CAMERA: VideoPlan = { width: 640, height: 360, frameRate: 15, maxBitrate: 400_000, hint: "motion" };
export const COURSEWARE: VideoPlan = { width: 1920, height: 1080, frameRate: 10, maxBitrate: 2_000_000, hint: "detail" };

export type VoicePlan = {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
  channelCount: number;
  maxBitrate: number;
  hint: "speech" | "music";
};

const SPEECH: VoicePlan = {
  echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1, maxBitrate: 48_000, hint: "speech",
};
const MUSIC: VoicePlan = {
  echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 2, maxBitrate: 128_000, hint: "music",
};

/**
 * Only the lead of a music lesson sends music: the points' loudspeakers play the lead, so without echo cancellation
 * a class called on would send the lesson back to itself.
 */
export function voicePlan(role: "lead" | "point", subject: string): VoicePlan {
  return role === "lead" && isMusic(subject) ? MUSIC : SPEECH;
}

/** A point is heard only while it holds the floor; otherwise its room would echo into every other class. */
export function microphoneOpen(role: "lead" | "point", mutedByHand: boolean, onFloor: boolean): boolean {
  return role === "lead" ? !mutedByHand : onFloor;
}
