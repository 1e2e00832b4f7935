// What this browser decodes, asked of the browser rather than guessed from its name.

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
