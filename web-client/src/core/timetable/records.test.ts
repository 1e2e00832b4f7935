import { expect, test } from "vitest";

import { booksOf, findOptions, holderIn, roomOptions, SHOWN_OPTIONS, teacherOptions, type Option } from "./records";

const BOOKS = booksOf({
  version: 7,
  records: [
    { kind: "term", value: { id: "u", name: "第二学期", week_1: "2027-02-22", first_day: "2027-02-22", last_day: "2027-07-02" } },
    { kind: "term", value: { id: "t", name: "第一学期", week_1: "2026-08-31", first_day: "2026-09-01", last_day: "2027-01-22" } },
    { kind: "school", value: { id: "a", name: "实验小学", area: "城关镇", kind: "hub_school" } },
    { kind: "school", value: { id: "b", name: "河东小学", area: "河东乡", kind: "teaching_point" } },
    { kind: "room", value: { id: "r10", school: "a", name: "10 号教室", kind: "receive_room" } },
    { kind: "room", value: { id: "r2", school: "a", name: "2 号教室", kind: "receive_room" } },
    { kind: "room", value: { id: "r1", school: "b", name: "1 号教室", kind: "receive_room" } },
    { kind: "teacher", value: { id: "w", school: "b", name: "王老师" } },
    { kind: "entry", value: { course: "c", weekday: 1, period: 1, weeks: [1] } },
  ],
});

test("records are sorted by what they are, terms by time", () => {
  expect(BOOKS.terms.map((term) => term.id)).toEqual(["t", "u"]);
  expect(BOOKS.schools.get("b")?.name).toBe("河东小学");
  expect(BOOKS.version).toBe(7);
});

test("rooms are listed by school, and numbers count as numbers", () => {
  expect(roomOptions(BOOKS, "a").map((room) => room.id)).toEqual(["r2", "r10"]);
  expect(teacherOptions(BOOKS)).toEqual([{ id: "w", label: "王老师", hint: "河东小学" }]);
});

test("every word narrows a chooser, and what begins with them comes first", () => {
  const options: Option[] = [
    { id: "1", label: "东河小学", hint: "甲镇" }, { id: "2", label: "河东小学", hint: "甲镇" }, { id: "3", label: "河西小学", hint: "乙镇" },
  ];
  const found = (words: string): string[] => findOptions(options, words).shown.map((option) => option.id);
  expect(found("河")).toEqual(["2", "3", "1"]);
  expect(found("甲镇 河东")).toEqual(["2"]);
  expect(found("")).toEqual(["1", "2", "3"]);
  const many = Array.from({ length: 333 }, (_, index): Option => ({ id: String(index), label: `学校 ${index}`, hint: "" }));
  expect(findOptions(many, "").further).toBe(333 - SHOWN_OPTIONS);
});

test("the address says whose timetable is shown", () => {
  expect(holderIn({ school: "a" })).toEqual({ kind: "school", id: "a" });
  expect(holderIn({ room: "r", term: "t" })).toEqual({ kind: "room", id: "r" });
  expect([holderIn({}), holderIn({ school: "" }), holderIn({ school: ["a", "b"] })]).toEqual([null, null, null]);
});
