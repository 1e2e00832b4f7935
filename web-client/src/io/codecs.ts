// What this browser decodes and sends, asked of the browser rather than guessed from its name.

import { redFirst } from "../core/audio-offer";
import type { Capabilities, VideoCodec } from "../core/protocol";

const CODEC_OF: Record<string, VideoCodec> = { "video/h264": "h264", "video/vp9": "vp9", "video/vp8": "vp8" };

export function capabilities(): Capabilities {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const decodes = new Set<VideoCodec>();
  for (const codec of codecs) {
    const known = CODEC_OF[codec.mimeType.toLowerCase()];
    if (known !== undefined) decodes.add(known);
  }
  return { decodes: [...decodes] };
}

/** What was negotiated for a picture that is sent; null where none was. */
export function codecOf(sender: RTCRtpSender): VideoCodec | null {
  const { codecs } = sender.getParameters() as { codecs?: RTCRtpCodecParameters[] };
  return CODEC_OF[codecs?.[0]?.mimeType.toLowerCase() ?? ""] ?? null;
}

/** Whether it can be told to send spatial layers: a browser that cannot forgets that it was. */
export function makesLayers(): boolean {
  const connection = new RTCPeerConnection();
  try {
    const asked: RTCRtpEncodingParameters & { scalabilityMode: string } = { scalabilityMode: "L3T3_KEY" };
    const { sender } = connection.addTransceiver("video", { direction: "sendonly", sendEncodings: [asked] });
    return (sender.getParameters().encodings[0] as Partial<typeof asked> | undefined)?.scalabilityMode === asked.scalabilityMode;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

type Choosing = { setCodecPreferences?: (codecs: RTCRtpCodec[]) => void };

/** Sound that carries what came before once more, if both sides can. A browser that minds keeps its own order. */
export function preferRed(transceiver: RTCRtpTransceiver): void {
  const codecs = redFirst(RTCRtpReceiver.getCapabilities("audio")?.codecs ?? []);
  if (codecs === null) return;
  try {
    (transceiver as Choosing).setCodecPreferences?.(codecs);
  } catch {
    // Then it is offered where the browser puts it.
  }
}
