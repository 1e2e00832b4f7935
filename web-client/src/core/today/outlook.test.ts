import { expect, test } from "vitest";

import { BELL } from "../fixture";
import type { Alarm, CountyToday, Readiness } from "../protocol";
import { byGravity, gigabytes, outlookOf } from "./outlook";

const calm: CountyToday = {
  server_time: BELL, date: "2026-11-23", special: null, planned: 26, held: 4, live: 3, to_come: 19, cancelled: 0, missed: 0, conflicts: 0,
  unseen: [], alarms: [],
};
const clock: Alarm = { alarm: "clock_departed", ahead_ms: 3_600_000 };
const readiness: Readiness = {
  server_time: BELL, ready: 3, of: 4,
  lessons: [{
    lesson: "a", title: "音乐", starts_at: BELL, ready: 3, of: 4,
    absent: [{ id: "point-1", name: "石门", is_lead: false, reason: "offline", last_seen: null }],
  }],
};

test("the answer counts kinds of matters, not each of them", () => {
  const unseen = [1, 2].map((number) => ({ id: `p${number}`, name: "石门", first_lesson_at: BELL, last_seen: null }));
  const rows: [object, Partial<CountyToday>, Readiness | null][] = [
    [{ kind: "good" }, {}, null],
    [{ kind: "free" }, { planned: 0 }, null],
    [{ kind: "matters", matters: 1 }, { conflicts: 7 }, null],
    [{ kind: "matters", matters: 3 }, { missed: 2, unseen }, readiness],
    [{ kind: "matters", matters: 1 }, { alarms: [{ alarm: "database_behind", waiting: 9, since: BELL }] }, null],
    [{ kind: "grave", matters: 2 }, { alarms: [clock], conflicts: 1 }, null],
  ];
  for (const [expected, change, ready] of rows) expect(outlookOf({ ...calm, ...change }, ready)).toEqual(expected);
});

test("the gravest alarm stands first", () => {
  const alarms: Alarm[] = [{ alarm: "database_behind", waiting: 1, since: BELL }, { alarm: "notes_lost", count: 1 }, clock];
  expect(byGravity(alarms).map((each) => each.alarm)).toEqual(["clock_departed", "notes_lost", "database_behind"]);
});

test("free space is told in gigabytes", () => {
  expect([0, 512_000_000, 21_474_836_480].map(gigabytes)).toEqual(["0.0", "0.5", "21.5"]);
});
