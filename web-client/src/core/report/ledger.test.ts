import { expect, test } from "vitest";

import { BELL } from "../fixture";
import { REPORT_MESSAGES } from "../lang/report";
import type { LedgerRoom, LedgerView, Verdict } from "../protocol";
import { againstPlan, MASTER_VERDICTS, plannedMinutes, ROOM_VERDICTS, roomWhy } from "./ledger";

const MINUTE = 60_000;
const view: LedgerView = {
  lesson: "a", title: "小星星", starts_at: BELL, ends_at: BELL + 40 * MINUTE, started_at: BELL + 3 * MINUTE, ended_at: BELL + 42 * MINUTE,
  taught_s: 2340, verdict: "valid_delivery", corrected: false, rooms: [], events: [],
};
const room: LedgerRoom = {
  room: "point-1", name: "石门", picture_s: 2300, sound_s: 2310, outages: 0, headcount: 31, verdict: "valid_reception", corrected: false,
};

test("plan and reality are compared in whole minutes", () => {
  expect(plannedMinutes(view)).toBe(40);
  expect(againstPlan(view)).toEqual({ lateMin: 3, overMin: 2, shortMin: null });
  expect(againstPlan({ ...view, started_at: BELL - 5000, ended_at: BELL + 35 * MINUTE })).toEqual({ lateMin: null, overMin: null, shortMin: 5 });
  expect(againstPlan({ ...view, started_at: null, ended_at: null })).toEqual({ lateMin: null, overMin: null, shortMin: null });
});

test("a room's verdict is explained by its figures", () => {
  const rows: [string, Partial<LedgerRoom>, number][] = [
    ["received", {}, 2340],
    ["corrected", { corrected: true }, 2340],
    ["open", { verdict: "not_due" }, 0],
    ["not_taught", { verdict: "unexcused_absence" }, 0],
    ["nothing", { verdict: "invalid_reception", picture_s: 0, sound_s: 0 }, 2340],
    ["little_picture", { verdict: "invalid_reception", picture_s: 300 }, 2340],
    ["little_sound", { verdict: "invalid_reception", sound_s: 300 }, 2340],
  ];
  for (const [expected, change, taught] of rows) expect(roomWhy({ ...room, ...change }, taught)).toBe(expected);
});

test("every verdict one may choose has a word", () => {
  const chosen: Verdict[] = [...MASTER_VERDICTS, ...ROOM_VERDICTS];
  for (const verdict of chosen) expect(REPORT_MESSAGES.zh.verdicts[verdict]).toMatch(/[\u4e00-\u9fff]/);
});
