// What each seat captures and how much of the line it may use. Bitrates are caps given to the encoder through the
// sender's parameters; they are never written into SDP, where some stacks would take them as a floor.

import { isMusic } from "./lesson";
import type { VideoCodec } from "./protocol";

/** What is asked of a browser before the whole picture alone, until it does it. Sizes only where the server answers with `a=simulcast:recv`, for otherwise a
 * browser sends the first alone, which is the smallest. */
export const SENDINGS: readonly Sending[] = ["thinnable", "sizes"];

export type PictureAsk = { width: number; height: number; frameRate: number };
/** One size of a picture: by what its sides are divided, and what it may take. */
export type Layer = { rid: string; scaleDown: number; maxBitrate: number; frameRate: number };
export type VideoPlan = PictureAsk & {
  maxBitrate: number;
  hint: "motion" | "detail";
  /** Smallest first, as Chromium fills them when the line is thin; the last is the whole picture. */
  layers: readonly Layer[];
};

/** Sharp from the first second: a picture hinted as motion is shrunk until the rate estimate has grown. */
export const MASTER_CAMERA: VideoPlan = {
  width: 1280, height: 720, frameRate: 25, maxBitrate: 1_500_000, hint: "detail",
  layers: [
    { rid: "q", scaleDown: 4, maxBitrate: 150_000, frameRate: 15 },
    { rid: "h", scaleDown: 2, maxBitrate: 500_000, frameRate: 25 },
    { rid: "f", scaleDown: 1, maxBitrate: 1_500_000, frameRate: 25 },
  ],
};
/** Low rate: it only feeds the master's wall until the class is called on, over a line of 1 Mbit/s up. */
export const POINT_CAMERA: VideoPlan = {
  width: 640, height: 360, frameRate: 15, maxBitrate: 400_000, hint: "motion",
  layers: [
    { rid: "h", scaleDown: 2, maxBitrate: 100_000, frameRate: 15 },
    { rid: "f", scaleDown: 1, maxBitrate: 400_000, frameRate: 15 },
  ],
};
/**
 * Slides are read, so a third size would serve nobody; but half of 1080p is still legible, is all that courseware beside a
 * class called on takes, and is what lets a line of half a Mbit/s have slides that move instead of stills.
 */
export const COURSEWARE: VideoPlan = {
  width: 1920, height: 1080, frameRate: 10, maxBitrate: 2_000_000, hint: "detail",
  layers: [
    { rid: "h", scaleDown: 2, maxBitrate: 300_000, frameRate: 5 },
    { rid: "f", scaleDown: 1, maxBitrate: 2_000_000, frameRate: 10 },
  ],
};

/** As `RTCRtpEncodingParameters`. */
export type Encoding = { rid?: string; scaleResolutionDownBy?: number; maxBitrate: number; maxFramerate: number; scalabilityMode?: string };

/** What Chromium sends of a picture at most: of a smaller one it leaves out the last size, which is the whole picture. */
const MOST_LAYERS: readonly { width: number; height: number; layers: number }[] = [
  { width: 960, height: 540, layers: 3 }, { width: 480, height: 270, layers: 2 },
];

/** The sizes to send of a picture of which so much is captured: the largest of the plan's, as many as a browser sends. */
function layersOf(plan: VideoPlan, captured: { width: number; height: number }): readonly Layer[] {
  const pixels = captured.width * captured.height;
  const most = MOST_LAYERS.find((row) => pixels >= row.width * row.height)?.layers ?? 1;
  return plan.layers.slice(-most);
}

/** How a picture is sent: in sizes, the smallest of them with every other frame left out where a line carries no more; in sizes
 * alone; in sizes that are spatial layers of one stream, of all of which frames can be left out, and the line up carries each detail
 * once; or whole. */
export type Sending = "thinnable" | "sizes" | "layers" | "whole";

/** The codec whose sizes go in layers, where a browser makes such; of the others a browser makes none, or the panels show none. */
export const LAYERED: VideoCodec = "vp9";

/** Of what is hinted as detail Chromium makes no layers at all, and so of no screen; and layers are not shrunk as a lone picture is. */
export function hintOf(plan: VideoPlan, encodings: readonly Encoding[]): VideoPlan["hint"] {
  const inLayers = encodings.length === 1 && encodings[0]?.scalabilityMode !== undefined;
  return inLayers ? "motion" : plan.hint;
}

/** What to ask of the encoder. Chromium takes several VP9 encodings for layers of one unless each says that it has none. */
export function encodingsOf(plan: VideoPlan, sending: Sending, captured: { width: number; height: number } = plan): Encoding[] {
  const layers = layersOf(plan, captured);
  if (sending === "whole" || layers.length < 2) return [{ maxBitrate: plan.maxBitrate, maxFramerate: plan.frameRate }];
  if (sending === "layers") {
    const maxBitrate = layers.reduce((sum, layer) => sum + layer.maxBitrate, 0);
    return [{ maxBitrate, maxFramerate: plan.frameRate, scalabilityMode: `L${layers.length}T3_KEY` }];
  }
  return layers.map(({ rid, scaleDown, maxBitrate, frameRate }, place) => ({
    rid, scaleResolutionDownBy: scaleDown, maxBitrate, maxFramerate: frameRate, scalabilityMode: sending === "thinnable" && place === 0 ? "L1T2" : "L1T1",
  }));
}

export type VoicePlan = {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
  channelCount: number;
  maxBitrate: number;
  hint: "speech" | "music";
};

/** Wideband speech with in-band FEC, thin enough for a line of 64 kbit/s with everything around it. */
const SPEECH: VoicePlan = {
  echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1, maxBitrate: 24_000, hint: "speech",
};
const MUSIC: VoicePlan = {
  echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 2, maxBitrate: 96_000, hint: "music",
};

/**
 * Only the lead of a music lesson sends music: the points' loudspeakers play the lead, so without echo cancellation
 * a class called on would send the lesson back to itself.
 */
export function voicePlan(role: "lead" | "point", subject: string): VoicePlan {
  return role === "lead" && isMusic(subject) ? MUSIC : SPEECH;
}

/** What music takes, in two channels still, where the line up is too thin and loses too much for the whole and its thin second voice. */
export const THINNED_MUSIC_BPS = 32_000;

/** What of a voice is sent a second time for lines that do not carry the first: the same microphone, in one thin channel. */
export function spareVoice(voice: VoicePlan): { maxBitrate: number } | null {
  return voice.hint === "music" ? { maxBitrate: SPEECH.maxBitrate } : null;
}

/** A point is heard only while it holds the floor; otherwise its room would echo into every other class. */
export function microphoneOpen(role: "lead" | "point", mutedByHand: boolean, onFloor: boolean): boolean {
  return role === "lead" ? !mutedByHand : onFloor;
}

/** A microphone that is not open carries silence, whatever is sent of it. */
export function gateMicrophone(track: { enabled: boolean } | null, open: boolean): void {
  if (track !== null) track.enabled = open;
}
