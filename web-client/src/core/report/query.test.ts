import { expect, test } from "vitest";

import { canDrill, drilledInto, finerThan, withoutChip } from "./drill";
import { addressOf, chipsOf, NO_FILTER, queryFrom, serverQuery, type ReportQuery } from "./query";

test("an address and its query are the same thing", () => {
  const queries: ReportQuery[] = [
    { tab: "master", by: "area", filter: NO_FILTER },
    { tab: "receive", by: "lessons", filter: { ...NO_FILTER, from: "2026-09-01", to: "2027-01-20", area: "石门乡", school: "shimen", week: 12 } },
    { tab: "offered", by: "month", filter: { ...NO_FILTER, month: "2026-10", subject: "音乐", teacher: "t-1" } },
  ];
  for (const query of queries) expect(queryFrom(addressOf(query))).toEqual(query);
  expect(addressOf({ tab: "master", by: "area", filter: NO_FILTER })).toEqual({});
});

test("what cannot be read is left out", () => {
  expect(queryFrom({ side: "both", by: "room", from: "yesterday", week: "0", month: "2026-1", area: null, school: "" })).toEqual({
    tab: "master", by: "area", filter: NO_FILTER,
  });
  expect(queryFrom({ week: "99" }).filter.week).toBeNull();
  expect(queryFrom({ subject: ["音乐", "美术"] }).filter.subject).toBe("音乐");
});

test("an empty area is that of the schools without one", () => {
  expect(queryFrom({ area: "", subject: "" }).filter).toEqual({ ...NO_FILTER, area: "", subject: "" });
  expect(serverQuery("master", null, { ...NO_FILTER, area: "" })).toBe("side=master&area=");
  expect([canDrill("area", ""), canDrill("subject", ""), canDrill("teacher", ""), canDrill("week", ""), canDrill("week", "3")]).toEqual([
    true, true, false, false, true,
  ]);
});

test("the server is asked with what is given and nothing else", () => {
  expect(serverQuery("receive", "week", { ...NO_FILTER, area: "石门乡", week: 3 })).toBe("side=receive&by=week&area=%E7%9F%B3%E9%97%A8%E4%B9%A1&week=3");
  expect(serverQuery("master", null, NO_FILTER)).toBe("side=master");
});

test("a pressed row filters and shows what is below it, down to the lessons", () => {
  let query: ReportQuery = { tab: "master", by: "area", filter: NO_FILTER };
  const seen: string[] = [];
  for (const key of ["石门乡", "shimen", "t-1", "ignored"]) {
    query = drilledInto(query, key);
    seen.push(`${query.by}: ${chipsOf(query.filter).map((chip) => chip.value).join(" ")}`);
  }
  expect(seen).toEqual(["school: 石门乡", "teacher: 石门乡 shimen", "lessons: 石门乡 shimen t-1", "lessons: 石门乡 shimen t-1"]);
});

test("rows that cut across leave the depth as it is", () => {
  const bySubject = drilledInto({ tab: "receive", by: "subject", filter: NO_FILTER }, "音乐");
  expect([bySubject.by, bySubject.filter.subject]).toEqual(["area", "音乐"]);
  const byWeek = drilledInto({ tab: "receive", by: "week", filter: { ...NO_FILTER, school: "shimen" } }, "12");
  expect([byWeek.by, byWeek.filter.week]).toEqual(["teacher", 12]);
  expect(finerThan({ ...NO_FILTER, teacher: "t-1" })).toBe("lessons");
});

test("a chip that is taken away takes what was below it along", () => {
  const deep: ReportQuery = {
    tab: "master", by: "lessons", filter: { ...NO_FILTER, area: "石门乡", school: "shimen", teacher: "t-1", subject: "音乐" },
  };
  expect(withoutChip(deep, "school")).toEqual({ tab: "master", by: "school", filter: { ...NO_FILTER, area: "石门乡", subject: "音乐" } });
  expect(withoutChip(deep, "subject")).toEqual({ ...deep, filter: { ...deep.filter, subject: null } });
});
