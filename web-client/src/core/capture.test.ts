import { expect, test } from "vitest";

import { microphoneOpen, voicePlan } from "./capture";
import { withStereoOpus } from "./opus-stereo";

test("the lead of a music lesson sends untouched stereo, everyone else speech", () => {
  expect(voicePlan("lead", "音乐")).toMatchObject({ echoCancellation: false, channelCount: 2 });
  expect(voicePlan("point", "音乐")).toMatchObject({ echoCancellation: true, channelCount: 1 });
  expect(voicePlan("lead", "英语")).toMatchObject({ echoCancellation: true });
});

test("a point's microphone is open only on the floor, the lead's unless muted", () => {
  expect(microphoneOpen("point", false, false)).toBe(false);
  expect(microphoneOpen("point", true, true)).toBe(true);
  expect(microphoneOpen("lead", false, false)).toBe(true);
  expect(microphoneOpen("lead", true, true)).toBe(false);
});

test("stereo is asked for on the Opus line alone and only once", () => {
  const offer = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
  const stereo = withStereoOpus(offer);
  expect(stereo).toContain("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n");
  expect(stereo).toContain("a=fmtp:63 111/111\r\n");
  expect(withStereoOpus(stereo)).toBe(stereo);
});
