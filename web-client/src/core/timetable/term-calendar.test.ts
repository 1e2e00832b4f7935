import { expect, test } from "vitest";

import type { SpecialDay, Term } from "../protocol";
import { changeOfDay, choiceOf, monthsOf, newTermId, parityOf, specialOn, termTroubles } from "./term-calendar";

const TERM: Term = { id: "t", name: "第一学期", week_1: "2026-08-31", first_day: "2026-09-01", last_day: "2027-01-22" };
const OFF: SpecialDay = { school: null, date: "2026-10-01", name: "国庆节", rule: { rule: "off" } };
const HELD: SpecialDay = { school: "s", date: "2026-10-01", name: "补课", rule: { rule: "follows", week_no: 5, weekday: 4 } };

test("a week that lies in two months is a line of both, under one number", () => {
  const months = monthsOf(TERM);
  expect(months.map(({ year, month }) => [year, month])).toEqual([[2026, 8], [2026, 9], [2026, 10], [2026, 11], [2026, 12], [2027, 1]]);
  expect(months[0]?.weeks).toEqual([{ weekNo: 1, days: ["2026-08-31", null, null, null, null, null, null] }]);
  expect(months[1]?.weeks[0]?.days.slice(0, 2)).toEqual([null, "2026-09-01"]);
  const fifth = months.flatMap((month) => month.weeks).filter((week) => week.weekNo === 5);
  expect(fifth.flatMap((week) => week.days).filter((date) => date !== null)).toHaveLength(7);
  expect(months[5]?.weeks.slice(-1)[0]).toMatchObject({ weekNo: 21, days: { 6: "2027-01-24" } });
});

test("a school's own word about a day goes before the county's", () => {
  const days = [OFF, HELD];
  expect(specialOn(days, null, "2026-10-01")?.name).toBe("国庆节");
  expect(specialOn(days, "s", "2026-10-01")?.name).toBe("补课");
  expect(specialOn(days, "other", "2026-10-01")?.name).toBe("国庆节");
  expect(specialOn(days, "s", "2026-10-02")).toBeNull();
});

test("what was decided about a day can be sent and read back", () => {
  for (const day of [OFF, HELD]) {
    expect(changeOfDay(day.school, day.date, choiceOf(day))).toEqual({ put: [{ kind: "special_day", value: day }], remove: [] });
  }
  expect(changeOfDay("s", "2026-10-01", choiceOf(null)))
    .toEqual({ put: [], remove: [{ kind: "special_day", key: ["s", "2026-10-01"] }] });
  expect([1, 2].map(parityOf)).toEqual(["odd", "even"]);
});

test("a term that the server would refuse is told before it is sent", () => {
  const cases: [Partial<Term>, string[]][] = [
    [{}, []],
    [{ name: " " }, ["name"]],
    [{ week_1: "2026-09-01" }, ["week_1"]],
    [{ first_day: "2026-09-07" }, ["first_day"]],
    [{ last_day: "2026-09-01" }, ["last_day"]],
    [{ last_day: "2027-07-01" }, ["too_long", "overlaps"]],
  ];
  const others: Term[] = [{ ...TERM, id: "u", week_1: "2027-02-22", first_day: "2027-02-22", last_day: "2027-07-02" }];
  for (const [change, troubles] of cases) expect(termTroubles({ ...TERM, ...change }, others), JSON.stringify(change)).toEqual(troubles);
});

test("a new term gets an id of its own", () => {
  expect(newTermId("2026-09-01", [])).toBe("term-2026-09-01");
  expect(newTermId("2026-09-01", [{ ...TERM, id: "term-2026-09-01" }])).toBe("term-2026-09-01-2");
});
