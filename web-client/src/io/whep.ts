// Receiving by WHEP: a fixed number of recvonly m-lines, offered once. The server decides what feeds which line.

import type { LineReading } from "../core/line-report";
import type { LessonId } from "../core/protocol";
import type { StreamReport } from "../core/received";
import { preferRed } from "./codecs";
import { showConnection } from "./diagnostics";
import { readLine } from "./line-stats";
import { exchange, type Exchanged } from "./sdp-exchange";

/** Opus always (RFC 7587, section 4.1). */
const OPUS_CLOCK = 48_000;

export type SubscribeAsk = {
  lesson: LessonId;
  token: string;
  audioLines: number;
  videoLines: number;
  stereo: boolean;
  /** The id of this page load, as in its `hello`: by it the lesson knows whose session this is. */
  page: string;
  onState: (state: RTCPeerConnectionState) => void;
};

/** Tracks stand in m-line order. */
export type SubscribeSession = Pick<Exchanged, "mend" | "check"> & {
  /** What the connection counts about its line; null once it is gone. */
  reading: () => Promise<LineReading | null>;
  audio: MediaStreamTrack[];
  video: MediaStreamTrack[];
  /** What each stream brought so far; empty once the connection is gone. */
  received: () => Promise<StreamReport[]>;
  /** Lets sound and picture wait so long before they are played, in ms: what was lost may come again. Null is the browser's own. */
  setPatience: (ms: number | null) => void;
  /** Changes whenever something of sound or picture arrives. Costs next to nothing, unlike the statistics. */
  heardMark: () => number;
  close: (tell: boolean) => void;
};

export async function subscribe(ask: SubscribeAsk): Promise<SubscribeSession> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const voices = lines(connection, "audio", ask.audioLines);
  // Music twice over would take more than it saves.
  if (!ask.stereo) voices.forEach(preferRed);
  const audio = voices.map((line) => line.receiver.track);
  const video = lines(connection, "video", ask.videoLines).map((line) => line.receiver.track);
  connection.onconnectionstatechange = () => ask.onState(connection.connectionState);

  const session = await exchange(connection, `/whep/${encodeURIComponent(ask.lesson)}?page=${encodeURIComponent(ask.page)}`, ask.token, ask.stereo ? "all" : "none").catch(
    (error: unknown) => {
      connection.close();
      throw error;
    },
  );
  showConnection("subscribe", connection);
  return {
    audio,
    video,
    heardMark: () => Math.max(0, ...connection.getReceivers().map(lastHeard)),
    received: () => connection.getStats().then(streamsOf, () => []),
    mend: session.mend,
    check: session.check,
    reading: () => readLine(connection),
    setPatience: (ms) => connection.getReceivers().forEach((receiver) => wait(receiver, ms)),
    close: (tell) => {
      connection.onconnectionstatechange = null;
      connection.close();
      showConnection("subscribe", null);
      if (tell) session.leave();
    },
  };
}

/** `jitterBufferTarget` (W3C webrtc-extensions, section 5); older Chromium has the same in seconds under another name. */
function wait(receiver: RTCRtpReceiver, ms: number | null): void {
  const waits: { jitterBufferTarget?: number | null; playoutDelayHint?: number | null } = receiver;
  if (waits.jitterBufferTarget !== undefined) waits.jitterBufferTarget = ms;
  else if (waits.playoutDelayHint !== undefined) waits.playoutDelayHint = ms === null ? null : ms / 1000;
}

function lines(connection: RTCPeerConnection, kind: "audio" | "video", count: number): RTCRtpTransceiver[] {
  return Array.from({ length: count }, () => connection.addTransceiver(kind, { direction: "recvonly" }));
}

function lastHeard(receiver: RTCRtpReceiver): number {
  return Math.max(0, ...receiver.getSynchronizationSources().map((source) => source.timestamp));
}

/** The fields of the two kinds of reports that are read (W3C webrtc-stats, section 8); old browsers leave some out. */
type InboundReport = {
  id: string; type: string; codecId?: string; clockRate?: number; framesDecoded?: number; totalSamplesReceived?: number;
  concealedSamples?: number; silentConcealedSamples?: number;
};

function streamsOf(stats: RTCStatsReport): StreamReport[] {
  const reports: InboundReport[] = [];
  stats.forEach((report: InboundReport) => reports.push(report));
  return reports.filter((report) => report.type === "inbound-rtp").map((report) => ({
    id: report.id,
    framesDecoded: report.framesDecoded ?? 0,
    samples: report.totalSamplesReceived ?? 0,
    concealed: report.concealedSamples ?? 0,
    silent: report.silentConcealedSamples ?? 0,
    clockRate: reports.find((codec) => codec.id === report.codecId)?.clockRate ?? OPUS_CLOCK,
  }));
}
