import { expect, test } from "vitest";

import { restartedAnswer, restartFragment } from "./ice-restart";

const OFFER = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:new+/\r\na=ice-pwd:secret$&\r\na=mid:0\r\n"
  + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:new+/\r\na=ice-pwd:secret$&\r\na=mid:1\r\n";
const SECTION = (mid: number): string => `m=audio 9 X 111\r\na=mid:${mid}\r\na=ice-ufrag:old\r\na=ice-pwd:gone\r\na=setup:passive\r\n`
  + "a=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\na=candidate:2 1 tcp 1 10.0.0.1 5000 typ host tcptype passive\r\na=end-of-candidates\r\n";
const ANSWER = `v=0\r\na=ice-lite\r\n${SECTION(0)}${SECTION(1)}`;
const FRAGMENT = "a=ice-lite\r\na=ice-ufrag:fresh\r\na=ice-pwd:$1key\r\nm=audio 9 X 0\r\na=mid:0\r\na=candidate:1 1 udp 1 10.0.0.2 6000 typ host\r\na=end-of-candidates\r\n";

test("the credentials of an offer become a fragment under its first m-line", () => {
  expect(restartFragment(OFFER)).toBe("a=ice-ufrag:new+/\r\na=ice-pwd:secret$&\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n");
  expect(restartFragment(OFFER.replaceAll("\r", ""))).toBe(restartFragment(OFFER));
  expect(restartFragment("v=0\r\n")).toBeNull();
});

test("the answer keeps all but credentials and candidates", () => {
  const restarted = restartedAnswer(ANSWER, FRAGMENT);
  const section = (mid: number): string => `m=audio 9 X 111\r\na=mid:${mid}\r\na=ice-ufrag:fresh\r\na=ice-pwd:$1key\r\na=setup:passive\r\n`
    + "a=candidate:1 1 udp 1 10.0.0.2 6000 typ host\r\na=end-of-candidates\r\n";
  expect(restarted).toBe(`v=0\r\na=ice-lite\r\n${section(0)}${section(1)}`);
});

test("a fragment without candidates leaves those of the answer, and one without credentials is none", () => {
  const bare = FRAGMENT.replace(/a=candidate.*\r\n/, "");
  expect(restartedAnswer(ANSWER, bare)).toContain("10.0.0.1 5000 typ host\r\na=candidate:2");
  expect(restartedAnswer(ANSWER, "a=ice-lite\r\n")).toBeNull();
});
