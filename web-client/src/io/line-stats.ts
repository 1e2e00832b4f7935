// What a connection counts about its line, read from its statistics (W3C webrtc-stats, section 8). Browsers leave some out.

import type { LineReading } from "../core/line-report";
import type { VideoCodec } from "../core/protocol";

type Stat = {
  id: string; type: string; kind?: string; timestamp: number;
  selectedCandidatePairId?: string; nominated?: boolean; state?: string; selected?: boolean; localCandidateId?: string;
  currentRoundTripTime?: number; bytesSent?: number; bytesReceived?: number; protocol?: string; relayProtocol?: string;
  availableOutgoingBitrate?: number; retransmittedPacketsSent?: number;
  packetsSent?: number; packetsReceived?: number; packetsLost?: number; jitter?: number; fractionLost?: number; roundTripTime?: number;
  totalSamplesReceived?: number; concealedSamples?: number; silentConcealedSamples?: number;
  frameWidth?: number; frameHeight?: number; framesPerSecond?: number; totalFreezesDuration?: number; codecId?: string; mimeType?: string;
};

const CODECS: Record<string, VideoCodec> = { "video/h264": "h264", "video/vp9": "vp9", "video/vp8": "vp8" };

/** Null once the connection is gone. */
export async function readLine(connection: RTCPeerConnection): Promise<LineReading | null> {
  const all: Stat[] = [];
  try {
    (await connection.getStats()).forEach((stat: Stat) => all.push(stat));
  } catch {
    return null;
  }
  const of = (type: string): Stat[] => all.filter((stat) => stat.type === type);
  const pair = pairOf(all);
  const inbound = of("inbound-rtp");
  const remote = of("remote-inbound-rtp");
  const known = (values: (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
  const most = (values: (number | undefined)[]): number | null => (known(values).length === 0 ? null : Math.max(...known(values)));
  const sum = (values: (number | undefined)[]): number => known(values).reduce((total, value) => total + value, 0);
  const rttS = pair?.currentRoundTripTime ?? most(remote.map((stat) => stat.roundTripTime));
  const jitterS = most(inbound.map((stat) => stat.jitter));
  return {
    atMs: all[0]?.timestamp ?? 0,
    rttMs: rttS === null ? null : rttS * 1000,
    protocol: protocolOf(all.find((stat) => stat.id === pair?.localCandidateId)),
    bytesUp: pair?.bytesSent ?? sum(of("outbound-rtp").map((stat) => stat.bytesSent)),
    bytesDown: pair?.bytesReceived ?? sum(inbound.map((stat) => stat.bytesReceived)),
    received: sum(inbound.map((stat) => stat.packetsReceived)),
    lost: sum(inbound.map((stat) => stat.packetsLost)),
    sent: sum(of("outbound-rtp").map((stat) => stat.packetsSent)),
    sentLost: remote.length === 0 ? null : sum(remote.map((stat) => stat.packetsLost)),
    sentAgain: sum(of("outbound-rtp").map((stat) => stat.retransmittedPacketsSent)),
    upAvailable: pair?.availableOutgoingBitrate ?? null,
    upLost: most(remote.map((stat) => stat.fractionLost)),
    jitterMs: jitterS === null ? null : jitterS * 1000,
    samples: sum(inbound.map((stat) => stat.totalSamplesReceived)),
    concealed: sum(inbound.map((stat) => stat.concealedSamples)) - sum(inbound.map((stat) => stat.silentConcealedSamples)),
    main: mainOf(inbound, all),
  };
}

/** The pair that carries the media: Chromium names it in the transport, Firefox marks it. */
function pairOf(all: Stat[]): Stat | undefined {
  const named = all.find((stat) => stat.type === "transport")?.selectedCandidatePairId;
  const pairs = all.filter((stat) => stat.type === "candidate-pair");
  return pairs.find((stat) => stat.id === named) ?? pairs.find((stat) => stat.selected === true)
    ?? pairs.find((stat) => stat.nominated === true && stat.state === "succeeded");
}

function protocolOf(candidate: Stat | undefined): LineReading["protocol"] {
  const protocol = (candidate?.relayProtocol ?? candidate?.protocol)?.toLowerCase();
  if (protocol === undefined) return null;
  return protocol === "udp" ? "udp" : "tcp";
}

function mainOf(inbound: Stat[], all: Stat[]): LineReading["main"] {
  const size = (stat: Stat): number => (stat.frameWidth ?? 0) * (stat.frameHeight ?? 0);
  const shown = inbound.filter((stat) => stat.kind === "video" && size(stat) > 0 && (stat.framesPerSecond ?? 0) > 0);
  const largest = shown.sort((one, other) => size(other) - size(one))[0];
  if (largest === undefined) return null;
  return {
    id: largest.id, width: largest.frameWidth ?? 0, height: largest.frameHeight ?? 0, fps: largest.framesPerSecond ?? 0,
    frozenMs: (largest.totalFreezesDuration ?? 0) * 1000,
    codec: CODECS[all.find((stat) => stat.id === largest.codecId)?.mimeType?.toLowerCase() ?? ""] ?? null,
  };
}
