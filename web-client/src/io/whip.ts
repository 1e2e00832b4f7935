// Publishing a seat by WHIP (RFC 9725): voice, camera and, for the lead, the screen, each m-line offered once. The
// screen's m-line stays empty until replaceTrack fills it, so courseware needs no renegotiation. Music is sent once more as
// a second, thin voice: the server gives it to lines that do not carry the first.

import { encodingsOf, SENDINGS, spareVoice, type Sending, type VideoPlan, type VoicePlan } from "../core/capture";
import type { LineReading } from "../core/line-report";
import type { LessonId } from "../core/protocol";
import { preferRed } from "./codecs";
import { showConnection } from "./diagnostics";
import { readLine } from "./line-stats";
import { exchange, type Exchanged } from "./sdp-exchange";

export type PublishAsk = {
  lesson: LessonId;
  token: string;
  voice: { track: MediaStreamTrack | null; plan: VoicePlan };
  camera: { track: MediaStreamTrack | null; plan: VideoPlan };
  /** Null for a seat without a screen. */
  screen: { track: MediaStreamTrack | null; plan: VideoPlan } | null;
  onState: (state: RTCPeerConnectionState) => void;
};

export type PublishSession = Pick<Exchanged, "mend" | "check"> & {
  /** What the connection counts about its line; null once it is gone. */
  reading: () => Promise<LineReading | null>;
  /** Puts another screen, or none, on the screen's m-line. */
  setScreen: (track: MediaStreamTrack | null) => Promise<void>;
  setCamera: (track: MediaStreamTrack | null) => Promise<void>;
  setVoice: (track: MediaStreamTrack | null) => Promise<void>;
  close: (tell: boolean) => void;
};

export async function publish(ask: PublishAsk): Promise<PublishSession> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const { track, plan } = ask.voice;
  const voice = addVoice(connection, track, plan.maxBitrate, plan.hint === "speech");
  const camera = addVideo(connection, ask.camera.track, ask.camera.plan);
  const screen = ask.screen === null ? null : addVideo(connection, ask.screen.track, ask.screen.plan);
  const thin = spareVoice(plan);
  const spare = thin === null ? null : addVoice(connection, track, thin.maxBitrate, true);
  connection.onconnectionstatechange = () => ask.onState(connection.connectionState);

  const stereo = plan.channelCount > 1 ? "first" : "none";
  const session = await exchange(connection, `/whip/${encodeURIComponent(ask.lesson)}`, ask.token, stereo).catch(
    (error: unknown) => {
      connection.close();
      throw error;
    },
  );
  showConnection("publish", connection);
  return {
    setScreen: (now) => put(screen, hinted(now, ask.screen?.plan.hint)),
    setCamera: (now) => put(camera, hinted(now, ask.camera.plan.hint)),
    setVoice: async (now) => {
      await Promise.all([put(voice, now), put(spare, now)]);
    },
    mend: session.mend,
    check: session.check,
    reading: () => readLine(connection),
    close: (tell) => {
      connection.onconnectionstatechange = null;
      connection.close();
      showConnection("publish", null);
      if (tell) session.leave();
    },
  };
}

/** A line that the server did not take carries nothing, whatever is put on it. */
async function put(line: RTCRtpTransceiver | null, track: MediaStreamTrack | null): Promise<void> {
  if (line !== null && line.currentDirection !== "stopped") await line.sender.replaceTrack(track);
}

function addVoice(connection: RTCPeerConnection, track: MediaStreamTrack | null, maxBitrate: number, red: boolean): RTCRtpTransceiver {
  const line = connection.addTransceiver(track ?? "audio", { direction: "sendonly", sendEncodings: [{ maxBitrate }] });
  // Music twice over would take more than it saves.
  if (red) preferRed(line);
  return line;
}

/** A browser that does not know several sizes of one picture, or layers in time, sends what it knows. */
function addVideo(connection: RTCPeerConnection, track: MediaStreamTrack | null, plan: VideoPlan): RTCRtpTransceiver {
  const source = hinted(track, plan.hint) ?? "video";
  const { width, height } = track?.getSettings() ?? {};
  const captured = { width: width ?? plan.width, height: height ?? plan.height };
  const add = (sending: Sending): RTCRtpTransceiver =>
    connection.addTransceiver(source, { direction: "sendonly", sendEncodings: encodingsOf(plan, sending, captured) });
  for (const sending of SENDINGS) {
    try {
      return add(sending);
    } catch {
      // The next asks for less.
    }
  }
  return add("whole");
}

/** Without a hint Chromium shrinks the picture of a lone stream, and text becomes unreadable first. */
function hinted(track: MediaStreamTrack | null, hint: string | undefined): MediaStreamTrack | null {
  if (track !== null && hint !== undefined) track.contentHint = hint;
  return track;
}
