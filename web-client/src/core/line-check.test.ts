import { expect, test } from "vitest";

import { CHECK_MESSAGES } from "./lang/check";
import {
  checked, connectLimitMs, FRESH_MS, isCheckDue, kbpsOf, lostPermille, mediaPath, nextBytes, onlyOver, remembered, toRemember, UNTRIED_PATH, wayOf, type Advice, type Findings,
  type MediaPath, type Protocol, type Reach, type Tally, type Verdict,
} from "./line-check";

const FINE: Findings = {
  trips: [30, 32, 29, 31], downKbps: 8000, upKbps: 4000, decodes: ["h264", "vp9"], camera: true, microphone: true, media: UNTRIED_PATH,
};

test("a line gets one verdict and the advice that helps it", () => {
  const rows: [Partial<Findings>, Verdict, Advice[]][] = [
    [{}, "good", []],
    [{ trips: [null, null] }, "offline", ["no_answer"]],
    [{ trips: [] }, "offline", ["no_answer"]],
    [{ downKbps: 1999 }, "small", ["weak_down"]],
    [{ downKbps: 249 }, "sound_only", ["weak_down"]],
    [{ downKbps: 49 }, "too_weak", ["weak_down"]],
    [{ downKbps: null, upKbps: null }, "too_weak", ["weak_down", "weak_up"]],
    [{ upKbps: 449 }, "small", []],
    [{ upKbps: 100 }, "small", ["weak_up"]],
    [{ trips: [400, 410, 420] }, "small", ["slow"]],
    [{ trips: [1600, 1500, 1550] }, "sound_only", ["slow"]],
    [{ trips: [30, 30, 400] }, "good", ["unsteady"]],
    [{ trips: [30, null, 30] }, "good", ["unsteady"]],
    [{ decodes: [] }, "sound_only", ["no_codec"]],
    [{ decodes: ["vp8"] }, "good", ["no_h264"]],
    [{ camera: false, microphone: false }, "good", ["no_camera", "no_microphone"]],
    [{ media: { udp: "blocked", tcp: "reachable", lostPermille: 0 } }, "good", ["udp_blocked"]],
    [{ media: { udp: "blocked", tcp: "blocked", lostPermille: null } }, "no_media", ["media_blocked"]],
    [{ media: { udp: "blocked", tcp: "blocked", lostPermille: null }, trips: [null] }, "offline", ["no_answer"]],
    [{ media: { udp: "reachable", tcp: "reachable", lostPermille: 60 } }, "small", ["unsteady"]],
    [{ media: { udp: "reachable", tcp: "reachable", lostPermille: 250 } }, "sound_only", ["unsteady"]],
  ];
  for (const [change, verdict, advice] of rows) {
    expect(checked({ ...FINE, ...change }), JSON.stringify(change)).toMatchObject({ verdict, advice });
  }
});

test("TCP is tried where UDP does not get through, and what cannot be asked is unknown", async () => {
  const rows: [udp: Reach, tcp: Reach, found: MediaPath, tried: Protocol[]][] = [
    ["reachable", "reachable", { udp: "reachable", tcp: "unknown", lostPermille: 12 }, ["udp"]],
    ["blocked", "reachable", { udp: "blocked", tcp: "reachable", lostPermille: null }, ["udp", "tcp"]],
    ["blocked", "blocked", { udp: "blocked", tcp: "blocked", lostPermille: null }, ["udp", "tcp"]],
    ["blocked", "unknown", UNTRIED_PATH, ["udp", "tcp"]],
    ["unknown", "reachable", UNTRIED_PATH, ["udp"]],
  ];
  for (const [udp, tcp, found, expected] of rows) {
    const tried: Protocol[] = [];
    const attempt = (protocol: Protocol): Promise<Reach> => Promise.resolve((tried.push(protocol), protocol === "udp" ? udp : tcp));
    const loss = (protocol: Protocol): Promise<number | null> => Promise.resolve(protocol === "udp" ? 12 : null);
    expect(await mediaPath(attempt, loss), `${udp} ${tcp}`).toEqual(found);
    expect(tried).toEqual(expected);
  }
});

test("the worse way decides what is lost, and too few packets tell nothing", () => {
  const rows: [up: Tally, thereAndBack: Tally, found: number | null][] = [
    [{ packets: 200, lost: 10 }, { packets: 200, lost: 10 }, 50],
    [{ packets: 200, lost: 20 }, { packets: 200, lost: 56 }, 200],
    [{ packets: 200, lost: -1 }, { packets: 200, lost: 0 }, 0],
    [{ packets: 200, lost: null }, { packets: 200, lost: 3 }, null],
    [{ packets: 200, lost: 3 }, { packets: 99, lost: 50 }, null],
    [{ packets: 100, lost: 300 }, { packets: 100, lost: 100 }, 1000],
  ];
  for (const [up, thereAndBack, found] of rows) expect(lostPermille(up, thereAndBack), JSON.stringify([up, thereAndBack])).toBe(found);
});

test("an answer is left with the candidates of one protocol, and otherwise as it was", () => {
  const udp = "a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host";
  const tcp = "a=candidate:2 1 TCP 1520435199 192.0.2.1 443 typ host tcptype passive";
  const answer = (...candidates: string[]): string => ["v=0", "a=ice-lite", ...candidates, "a=end-of-candidates", ""].join("\r\n");
  expect(onlyOver(answer(udp, tcp), "udp")).toBe(answer(udp));
  expect(onlyOver(answer(udp, tcp), "tcp")).toBe(answer(tcp));
  expect(onlyOver(answer(udp), "tcp")).toBe(answer());
});

test("a long way is given longer to connect, but not beyond the life of the session", () => {
  expect([0, 600, 10_000].map(connectLimitMs)).toEqual([5000, 7400, 12_000]);
});

test("what blocks media is said with what opens it", () => {
  const { zh, en } = CHECK_MESSAGES;
  expect(zh.advice.udp_blocked).toBe("网络不允许 UDP，将改用 TCP，画面可能稍慢。");
  expect(zh.advice.media_blocked).toBe("媒体连不上：请联系管理员放行 UDP 8000 起的端口或 443。");
  expect(en.advice.udp_blocked).toContain("over TCP");
  expect(en.advice.media_blocked).toContain("UDP from port 8000 on, or port 443");
  const rows: [udp: Reach, tcp: Reach, said: string][] = [
    ["reachable", "unknown", "UDP"], ["blocked", "reachable", "TCP"], ["blocked", "blocked", "连不上"], ["unknown", "unknown", "上课时自动选择"],
    ["blocked", "unknown", "上课时自动选择"],
  ];
  for (const [udp, tcp, said] of rows) expect(zh.ways[wayOf({ udp, tcp, lostPermille: null })], `${udp} ${tcp}`).toBe(said);
});

test("the middle round trip is the one that counts, and what was not answered is lost", () => {
  expect(checked({ ...FINE, trips: [90, null, 30, 31, 500] })).toMatchObject({ rttMs: 90, lostPercent: 20 });
});

test("more is moved until it says how fast the line is", () => {
  expect(nextBytes(20_000, 40, 1_000_000)).toBe(160_000);
  expect(nextBytes(160_000, 300, 200_000)).toBe(200_000);
  expect(nextBytes(200_000, 300, 200_000)).toBeNull();
  expect(nextBytes(20_000, 2500, 1_000_000)).toBeNull();
});

test("the wait for the first byte is no transfer, but never all of it", () => {
  expect(kbpsOf(100_000, 500, 100)).toBe(2000);
  expect(kbpsOf(1000, 100, 100)).toBe(320);
  expect(kbpsOf(1000, 0, 50)).toBe(8000);
});

test("a waiting classroom checks once within the minutes before the bell, each at a time of its own", () => {
  const bell = 1_000_000_000;
  const minutes = (count: number): number => bell - count * 60_000;
  const rows: [now: number, last: number | null, chance: number, due: boolean][] = [
    [minutes(10.1), null, 0, false], [minutes(10), null, 0, true], [minutes(10), null, 0.9, false], [minutes(5), null, 0.99, true],
    [bell, null, 0, false], [minutes(5), minutes(30), 0, false], [minutes(5), minutes(5) - FRESH_MS, 0, true],
    [minutes(5), minutes(1), 0, true],
  ];
  for (const [now, last, chance, due] of rows) expect(isCheckDue(now, bell, last, chance), `${now} ${last} ${chance}`).toBe(due);
});

test("what was found is remembered, and nonsense is not", () => {
  const found = { at: 1234, verdict: "small" } as const;
  expect(remembered(toRemember(found))).toEqual(found);
  for (const text of [null, "", "12", "x small", "12 fine", "-1 good"]) expect(remembered(text), String(text)).toBeNull();
});
