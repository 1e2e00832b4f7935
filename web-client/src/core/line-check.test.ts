import { expect, test } from "vitest";

import { checked, FRESH_MS, isCheckDue, kbpsOf, nextBytes, remembered, toRemember, UNTRIED_PATH, type Advice, type Findings, type Verdict } from "./line-check";

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
    [{ media: { udp: "blocked", tcp: "blocked", lostPermille: null } }, "too_weak", ["udp_blocked"]],
    [{ media: { udp: "reachable", tcp: "reachable", lostPermille: 60 } }, "small", ["unsteady"]],
    [{ media: { udp: "reachable", tcp: "reachable", lostPermille: 250 } }, "sound_only", ["unsteady"]],
  ];
  for (const [change, verdict, advice] of rows) {
    expect(checked({ ...FINE, ...change }), JSON.stringify(change)).toMatchObject({ verdict, advice });
  }
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
