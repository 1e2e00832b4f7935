import { expect, test } from "vitest";

import { audioOffer, redFirst } from "./audio-offer";

const HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n";
const AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
  + "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n";
const NACKED = AUDIO.replace("48000/2\r\na=rtcp", "48000/2\r\na=rtcp-fb:111 nack\r\na=rtcp");
const STEREO = NACKED.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1");

test("lost sound is asked for again on every audio line and nothing else changes", () => {
  expect(audioOffer(HEAD + AUDIO + VIDEO + AUDIO, "none")).toBe(HEAD + NACKED + VIDEO + NACKED);
});

test("two channels are asked for on the lines that have them", () => {
  expect(audioOffer(HEAD + AUDIO + VIDEO + AUDIO, "first")).toBe(HEAD + STEREO + VIDEO + NACKED);
  expect(audioOffer(HEAD + VIDEO + AUDIO + AUDIO, "first")).toBe(HEAD + VIDEO + STEREO + NACKED);
  expect(audioOffer(HEAD + AUDIO + VIDEO + AUDIO, "all")).toBe(HEAD + STEREO + VIDEO + STEREO);
});

test("an offer that says it already is left as it is", () => {
  const once = audioOffer(HEAD + AUDIO, "all");
  expect(audioOffer(once, "all")).toBe(once);
  const general = HEAD + AUDIO.replace("a=rtcp-fb:111 transport-cc", "a=rtcp-fb:* nack");
  expect(audioOffer(general, "none")).toBe(general);
});

test("lines that end in a mere line feed stay so, and an offer without sound is untouched", () => {
  expect(audioOffer(AUDIO.replaceAll("\r", ""), "all")).toBe(STEREO.replaceAll("\r", ""));
  expect(audioOffer(HEAD + VIDEO, "all")).toBe(HEAD + VIDEO);
  expect(audioOffer("", "all")).toBe("");
});

test("redundant sound goes first where there is any", () => {
  const [opus, red, dtmf] = ["audio/opus", "audio/RED", "audio/telephone-event"].map((mimeType) => ({ mimeType }));
  if (opus === undefined || red === undefined || dtmf === undefined) throw new Error("three codecs");
  expect(redFirst([opus, red, dtmf])).toEqual([red, opus, dtmf]);
  expect(redFirst([opus, dtmf])).toBeNull();
});
