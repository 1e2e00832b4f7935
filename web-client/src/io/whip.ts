// Publishing a seat by WHIP (RFC 9725): voice, camera and, for the lead, the screen, each m-line offered once. The
// screen's m-line stays empty until replaceTrack fills it, so courseware needs no renegotiation. Music is sent once more as
// a second, thin voice: the server gives it to lines that do not carry the first.

import { encodingsOf, hintOf, LAYERED, SENDINGS, spareVoice, THINNED_MUSIC_BPS, type Sending, type VideoPlan, type VoicePlan } from "../core/capture";
import type { LineReading } from "../core/line-report";
import type { LessonId, VideoCodec } from "../core/protocol";
import { codecOf, makesLayers, preferRed } from "./codecs";
import { showConnection } from "./diagnostics";
import { readLine } from "./line-stats";
import { exchange, type Exchanged } from "./sdp-exchange";

export type PublishAsk = {
  lesson: LessonId;
  token: string;
  /** What the lesson runs on, once somebody has published. */
  codec: VideoCodec | null;
  voice: { track: MediaStreamTrack | null; plan: VoicePlan };
  camera: { track: MediaStreamTrack | null; plan: VideoPlan };
  /** Null for a seat without a screen. */
  screen: { track: MediaStreamTrack | null; plan: VideoPlan } | null;
  onState: (state: RTCPeerConnectionState) => void;
  /** Whether the attempt has not been given up meanwhile: a late offer would take the seat from a newer one. */
  isWanted: () => boolean;
};

export type PublishSession = Pick<Exchanged, "mend" | "check"> & {
  /** What the connection counts about its line; null once it is gone. */
  reading: () => Promise<LineReading | null>;
  /** Puts another screen, or none, on the screen's m-line. */
  setScreen: (track: MediaStreamTrack | null) => Promise<void>;
  setCamera: (track: MediaStreamTrack | null) => Promise<void>;
  setVoice: (track: MediaStreamTrack | null) => Promise<void>;
  /** Sends a voice that goes out twice but once, and thinner; or as planned. Null where it goes out once. */
  thinVoice: ((isThinned: boolean) => Promise<void>) | null;
  close: (tell: boolean) => void;
};

/** The lesson's codec may be known only by the answer: if the picture should have been offered otherwise, it is offered once more. */
export async function publish(ask: PublishAsk): Promise<PublishSession> {
  const layered = ask.codec === LAYERED && makesLayers();
  const { session, codec } = await offer(ask, layered);
  const shouldBeLayered = codec === LAYERED && makesLayers();
  if (codec === null || shouldBeLayered === layered) return session;
  session.close(true);
  if (!ask.isWanted()) throw new Error("the attempt was given up");
  return (await offer(ask, shouldBeLayered)).session;
}

async function offer(ask: PublishAsk, layered: boolean): Promise<{ session: PublishSession; codec: VideoCodec | null }> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const { track, plan } = ask.voice;
  const voice = addVoice(connection, track, plan.maxBitrate, plan.hint === "speech");
  const camera = addVideo(connection, ask.camera.track, ask.camera.plan, layered ? LAYERS_FIRST : SENDINGS);
  const screen = ask.screen === null ? null : addVideo(connection, ask.screen.track, ask.screen.plan, SENDINGS);
  const thin = spareVoice(plan);
  const spare = thin === null ? null : addVoice(connection, track, thin.maxBitrate, true);
  connection.onconnectionstatechange = () => ask.onState(connection.connectionState);

  const stereo = plan.channelCount > 1 ? "first" : "none";
  const exchanged = await exchange(connection, `/whip/${encodeURIComponent(ask.lesson)}`, ask.token, stereo).catch(
    (error: unknown) => {
      connection.close();
      throw error;
    },
  );
  showConnection("publish", connection);
  const session: PublishSession = {
    setScreen: (now) => putPicture(screen, now),
    setCamera: (now) => putPicture(camera, now),
    setVoice: async (now) => {
      await Promise.all([put(voice, now), put(spare, now)]);
    },
    thinVoice: spare === null ? null : async (isThinned) => {
      await limit(voice, { active: true, maxBitrate: isThinned ? THINNED_MUSIC_BPS : plan.maxBitrate });
      await limit(spare, { active: !isThinned });
    },
    mend: exchanged.mend,
    check: exchanged.check,
    reading: () => readLine(connection),
    close: (tell) => {
      connection.onconnectionstatechange = null;
      connection.close();
      showConnection("publish", null);
      if (tell) exchanged.leave();
    },
  };
  return { session, codec: codecOf(camera.line.sender) };
}

/** A line that the server did not take carries nothing, whatever is put on it. */
async function put(line: RTCRtpTransceiver | null, track: MediaStreamTrack | null): Promise<void> {
  if (line !== null && line.currentDirection !== "stopped") await line.sender.replaceTrack(track);
}

async function limit({ sender }: RTCRtpTransceiver, change: Partial<RTCRtpEncodingParameters>): Promise<void> {
  const parameters = sender.getParameters();
  await sender.setParameters({ ...parameters, encodings: parameters.encodings.map((encoding) => ({ ...encoding, ...change })) });
}

/** An m-line of a picture, and how what is put on it is hinted. */
type PictureLine = { line: RTCRtpTransceiver; hint: VideoPlan["hint"] };

async function putPicture(picture: PictureLine | null, track: MediaStreamTrack | null): Promise<void> {
  if (picture !== null) await put(picture.line, hinted(track, picture.hint));
}

function addVoice(connection: RTCPeerConnection, track: MediaStreamTrack | null, maxBitrate: number, red: boolean): RTCRtpTransceiver {
  const line = connection.addTransceiver(track ?? "audio", { direction: "sendonly", sendEncodings: [{ maxBitrate }] });
  // Music twice over would take more than it saves.
  if (red) preferRed(line);
  return line;
}

const LAYERS_FIRST: readonly Sending[] = ["layers", ...SENDINGS];

/** A browser that does not know several sizes of one picture, or layers in time, sends what it knows. */
function addVideo(connection: RTCPeerConnection, track: MediaStreamTrack | null, plan: VideoPlan, sendings: readonly Sending[]): PictureLine {
  const { width, height } = track?.getSettings() ?? {};
  const captured = { width: width ?? plan.width, height: height ?? plan.height };
  const add = (sending: Sending): PictureLine => {
    const sendEncodings = encodingsOf(plan, sending, captured);
    const hint = hintOf(plan, sendEncodings);
    return { line: connection.addTransceiver(hinted(track, hint) ?? "video", { direction: "sendonly", sendEncodings }), hint };
  };
  for (const sending of sendings) {
    try {
      return add(sending);
    } catch {
      // The next asks for less.
    }
  }
  return add("whole");
}

/** Without a hint Chromium shrinks the picture of a lone stream, and text becomes unreadable first. */
function hinted(track: MediaStreamTrack | null, hint: VideoPlan["hint"]): MediaStreamTrack | null {
  if (track !== null) track.contentHint = hint;
  return track;
}
