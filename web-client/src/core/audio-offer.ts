// What no API asks of sound is written into the offer before it is applied: two channels, and that lost packets be sent
// again. A browser that does not know a line leaves it alone.

/** Which of the audio m-lines are decoded, or sent, in two channels. */
export type Stereo = "none" | "first" | "all";

export function audioOffer(sdp: string, stereo: Stereo): string {
  let audioLines = 0;
  return sdp.split(/^(?=m=)/m).map((section) => {
    if (!section.startsWith("m=audio")) return section;
    const isFirst = audioLines === 0;
    audioLines += 1;
    return withNack(stereo === "all" || (stereo === "first" && isFirst) ? withStereo(section) : section);
  }).join("");
}

function opusOf(section: string): string[] {
  return [...section.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2/gim)].map((match) => match[1] ?? "");
}

/** Browsers decode Opus to one channel unless the offer says `stereo=1` (RFC 7587, section 6.1). */
function withStereo(section: string): string {
  return opusOf(section).reduce((text, payloadType) => {
    const line = new RegExp(`^(a=fmtp:${payloadType} )((?!.*\\bstereo=1).*?)(\\r?)$`, "gm");
    return text.replace(line, "$1$2;stereo=1;sprop-stereo=1$3");
  }, section);
}

/** Generic NACK (RFC 4585, section 6.2.1), which browsers offer for pictures only. */
function withNack(section: string): string {
  return opusOf(section).reduce((text, payloadType) => {
    if (new RegExp(`^a=rtcp-fb:(${payloadType}|\\*) nack\\r?$`, "m").test(text)) return text;
    return text.replace(new RegExp(`^(a=rtpmap:${payloadType} .*?)(\\r?\\n)`, "m"), `$1$2a=rtcp-fb:${payloadType} nack$2`);
  }, section);
}

/** Redundant sound (RED, RFC 2198) before anything else, where the browser has it; null where it has not. */
export function redFirst<Codec extends { mimeType: string }>(codecs: readonly Codec[]): Codec[] | null {
  const isRed = (codec: Codec): boolean => codec.mimeType.toLowerCase() === "audio/red";
  return codecs.some(isRed) ? [...codecs.filter(isRed), ...codecs.filter((codec) => !isRed(codec))] : null;
}
