// Publishing a seat by WHIP (RFC 9725): voice, camera and, for the lead, the screen, each m-line offered once. The
// screen's m-line stays empty until replaceTrack fills it, so courseware needs no renegotiation.

import type { VideoPlan, VoicePlan } from "../core/capture";
import type { LessonId } from "../core/protocol";
import { showConnection } from "./diagnostics";
import { exchange, leave } from "./sdp-exchange";

export type PublishAsk = {
  lesson: LessonId;
  token: string;
  voice: { track: MediaStreamTrack | null; plan: VoicePlan };
  camera: { track: MediaStreamTrack | null; plan: VideoPlan };
  /** Null for a seat without a screen. */
  screen: { track: MediaStreamTrack | null; plan: VideoPlan } | null;
  onState: (state: RTCPeerConnectionState) => void;
};

export type PublishSession = {
  /** Puts another screen, or none, on the screen's m-line. */
  setScreen: (track: MediaStreamTrack | null) => Promise<void>;
  setCamera: (track: MediaStreamTrack | null) => Promise<void>;
  setVoice: (track: MediaStreamTrack | null) => Promise<void>;
  close: (tell: boolean) => void;
};

export async function publish(ask: PublishAsk): Promise<PublishSession> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const voice = connection.addTransceiver(ask.voice.track ?? "audio", {
    direction: "sendonly",
    sendEncodings: [{ maxBitrate: ask.voice.plan.maxBitrate }],
  });
  const camera = addVideo(connection, ask.camera.track, ask.camera.plan);
  const screen = ask.screen === null ? null : addVideo(connection, ask.screen.track, ask.screen.plan);
  connection.onconnectionstatechange = () => ask.onState(connection.connectionState);

  const stereo = ask.voice.plan.channelCount > 1;
  const session = await exchange(connection, `/whip/${encodeURIComponent(ask.lesson)}`, ask.token, stereo).catch(
    (error: unknown) => {
      connection.close();
      throw error;
    },
  );
  showConnection("publish", connection);
  return {
    setScreen: async (track) => screen?.sender.replaceTrack(hinted(track, ask.screen?.plan.hint)),
    setCamera: (track) => camera.sender.replaceTrack(hinted(track, ask.camera.plan.hint)),
    setVoice: (track) => voice.sender.replaceTrack(track),
    close: (tell) => {
      connection.onconnectionstatechange = null;
      connection.close();
      showConnection("publish", null);
      if (tell) leave(session, ask.token);
    },
  };
}

function addVideo(connection: RTCPeerConnection, track: MediaStreamTrack | null, plan: VideoPlan): RTCRtpTransceiver {
  return connection.addTransceiver(hinted(track, plan.hint) ?? "video", {
    direction: "sendonly",
    sendEncodings: [{ maxBitrate: plan.maxBitrate, maxFramerate: plan.frameRate }],
  });
}

/** Without a hint Chromium shrinks the picture of a lone stream, and text becomes unreadable first. */
function hinted(track: MediaStreamTrack | null, hint: string | undefined): MediaStreamTrack | null {
  if (track !== null && hint !== undefined) track.contentHint = hint;
  return track;
}
