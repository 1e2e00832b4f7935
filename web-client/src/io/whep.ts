// Receiving by WHEP: a fixed number of recvonly m-lines, offered once. The server decides what feeds which line.

import type { LessonId } from "../core/protocol";
import { showConnection } from "./diagnostics";
import { exchange, leave } from "./sdp-exchange";

export type SubscribeAsk = {
  lesson: LessonId;
  token: string;
  audioLines: number;
  videoLines: number;
  stereo: boolean;
  onState: (state: RTCPeerConnectionState) => void;
};

/** Tracks stand in m-line order. */
export type SubscribeSession = {
  audio: MediaStreamTrack[];
  video: MediaStreamTrack[];
  close: (tell: boolean) => void;
};

export async function subscribe(ask: SubscribeAsk): Promise<SubscribeSession> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const audio = tracks(connection, "audio", ask.audioLines);
  const video = tracks(connection, "video", ask.videoLines);
  connection.onconnectionstatechange = () => ask.onState(connection.connectionState);

  const session = await exchange(connection, `/whep/${encodeURIComponent(ask.lesson)}`, ask.token, ask.stereo).catch(
    (error: unknown) => {
      connection.close();
      throw error;
    },
  );
  showConnection("subscribe", connection);
  return {
    audio,
    video,
    close: (tell) => {
      connection.onconnectionstatechange = null;
      connection.close();
      showConnection("subscribe", null);
      if (tell) leave(session, ask.token);
    },
  };
}

function tracks(connection: RTCPeerConnection, kind: "audio" | "video", count: number): MediaStreamTrack[] {
  return Array.from({ length: count }, () => connection.addTransceiver(kind, { direction: "recvonly" }).receiver.track);
}
