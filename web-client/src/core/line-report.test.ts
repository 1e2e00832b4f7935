import { expect, test } from "vitest";

import { readingWith as reading } from "./fixture";
import { barsOf, lineReport, megabits, percent, type LineReading } from "./line-report";
import type { LineReport } from "./protocol";

const main = (id: string, frozenMs: number): LineReading["main"] => ({ id, width: 1280, height: 720, fps: 24.6, frozenMs, codec: "h264" });

test("what a page sends and receives is one report", () => {
  const publish = {
    before: reading({ bytesUp: 1000, atMs: 1000 }),
    now: reading({ bytesUp: 201_000, bytesDown: 5000, atMs: 6000, rttMs: 81.4, upLost: 0.021, protocol: "udp" }),
  };
  const subscribe = {
    before: reading({ bytesDown: 0, atMs: 0, received: 100, lost: 10, samples: 0, concealed: 0, main: main("a", 100) }),
    now: reading({
      bytesDown: 750_000, atMs: 5000, received: 1050, lost: 60, samples: 240_000, concealed: 2400, rttMs: 79, jitterMs: 12.3, main: main("a", 350),
    }),
  };
  expect(lineReport([publish, subscribe])).toEqual({
    rtt_ms: 81, up_kbps: 320, down_kbps: 1208, up_lost_permille: 21, down_lost_permille: 50, jitter_ms: 12, frozen_ms: 250,
    concealed_permille: 10, protocol: "udp", width: 1280, height: 720, fps: 25, codec: "h264",
  });
});

test("a page without connections has no line, and what is not told is null", () => {
  expect(lineReport([])).toBeNull();
  expect(lineReport([{ before: reading(), now: reading() }])).toEqual({
    rtt_ms: null, up_kbps: null, down_kbps: null, up_lost_permille: null, down_lost_permille: null, jitter_ms: null, frozen_ms: 0,
    concealed_permille: null, protocol: null, width: 0, height: 0, fps: 0, codec: null,
  });
});

test("counters that go back count nothing, and another picture has not stood still", () => {
  const before = reading({ atMs: 0, bytesDown: 9000, received: 50, lost: 9, samples: 900, concealed: 90, main: main("a", 0) });
  const now = reading({ atMs: 5000, bytesDown: 100, received: 10, lost: 1, samples: 10, concealed: 1, main: main("b", 9000) });
  expect(lineReport([{ before, now }])).toMatchObject({ down_kbps: 0, down_lost_permille: null, concealed_permille: null, frozen_ms: 0 });
});

test("what came after all makes no loss below zero", () => {
  const before = reading({ atMs: 0, received: 50, lost: 9, samples: 900, concealed: 90 });
  const now = reading({ atMs: 5000, received: 90, lost: 7, samples: 1900, concealed: 60 });
  expect(lineReport([{ before, now }])).toMatchObject({ down_lost_permille: 0, concealed_permille: 0 });
});

test("the worst of round trip, loss and standstill decides the bars", () => {
  const fine = lineReport([{ before: reading(), now: reading({ atMs: 5000 }) }]) as LineReport;
  const rows: [Partial<LineReport>, number][] = [
    [{}, 4], [{ rtt_ms: 249, down_lost_permille: 19 }, 4], [{ rtt_ms: 250 }, 3], [{ up_lost_permille: 20 }, 3], [{ rtt_ms: 500 }, 2],
    [{ down_lost_permille: 50 }, 2], [{ frozen_ms: 500 }, 2], [{ rtt_ms: 1000 }, 1], [{ down_lost_permille: 100, rtt_ms: 5 }, 1], [{ frozen_ms: 2000 }, 1],
  ];
  for (const [change, bars] of rows) expect(barsOf({ ...fine, ...change }), JSON.stringify(change)).toBe(bars);
  expect(barsOf(null)).toBe(0);
});

test("figures are written with the digits that mean something", () => {
  expect([0, 64, 1240, 15_400].map(megabits)).toEqual(["0.0", "0.1", "1.2", "15"]);
  expect([0, 4, 20, 21, 123].map(percent)).toEqual(["0", "0.4", "2", "2.1", "12"]);
});
