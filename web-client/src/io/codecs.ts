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
