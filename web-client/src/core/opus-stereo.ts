// Browsers decode Opus to one channel unless the offer says `stereo=1` (RFC 7587, section 6.1), and no API sets it.

/** Adds `stereo=1` (and `sprop-stereo=1` for senders) to every Opus format line of an offer. */
export function withStereoOpus(sdp: string): string {
  const payloadTypes = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2/gim)].map((match) => match[1] ?? "");
  return payloadTypes.reduce((text, payloadType) => {
    const line = new RegExp(`^(a=fmtp:${payloadType} )((?!.*\\bstereo=1).*?)(\\r?)$`, "gm");
    return text.replace(line, "$1$2;stereo=1;sprop-stereo=1$3");
  }, sdp);
}
