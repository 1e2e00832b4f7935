import { expect, test } from "vitest";

import { MESSAGES } from "../lang";
import { TIMETABLE_MESSAGES } from "../lang/timetable";
import type { ChangeKind, Course, Edit, ImportProblem, RowProblem } from "../protocol";
import { changeWords, conflictWords, placeWords, problemWords, refusalWords, sortProblems, whenWords, type Names, type Speech } from "./words";

const ZH: Speech = { t: MESSAGES.zh, tt: TIMETABLE_MESSAGES.zh, language: "zh" };
const EN: Speech = { t: MESSAGES.en, tt: TIMETABLE_MESSAGES.en, language: "en" };
const NAMES: Names = { teacher: (id) => (id === "w" ? "王老师" : id), room: (id) => (id === "r" ? "录播室" : id) };

const COURSE: Course = {
  id: "", term: "t", name: "音乐", subject: "音乐", grade: "三年级", kind: "broadcast_lesson", hub_school: "a", class_group: "三（1）班",
  master_teacher: "w", master_room: null, points: [],
};
const at = (file: string, sheet: string, row: number, column: string): RowProblem =>
  ({ file, sheet, row, column, problem: { problem: "nothing_known" } });

test("an edit is told in one sentence with the names of those it is about", () => {
  const rows: [Edit, string][] = [
    [{ edit: "reschedule", lesson: "l", to: { date: "2026-11-25", period: 3 } }, "调课：“小星星”改到11月25日 周三 第 3 节"],
    [{ edit: "substitute", lesson: "l", teacher: "w" }, "代课：“小星星”由王老师上"],
    [{ edit: "change_room", lesson: "l", room: "gone" }, "换教室：“小星星”改在gone"],
    [{ edit: "cancel", lesson: "l", reason: "教师请假" }, "停课：“小星星”，原因：教师请假"],
    [{ edit: "retitle", lesson: "l", title: "送别" }, "改课名：“小星星”改为“送别”"],
    [{ edit: "restore", lesson: "l" }, "恢复：“小星星”按原课表上课"],
    [{ edit: "add_lesson", course: COURSE, title: "", date: "2026-11-28", period: 0, starts_min: 0, ends_min: 0 },
      "加课（直播大课）：“音乐” 11月28日 周六"],
    [{ edit: "records", change: { put: [], remove: [{ kind: "term", key: "t" }] } }, "删除学期 1 条"],
  ];
  for (const [edit, said] of rows) expect(changeWords(ZH, { what: "edited", edit, title: "小星星" }, NAMES)).toBe(said);
});

test("changes of many records are told by their counts", () => {
  const rows: [ChangeKind, string, string][] = [
    [{ what: "records", put: [{ kind: "bells", count: 1 }], removed: [] }, "写入作息表 1 条", "wrote bell schedules: 1"],
    [{ what: "imported", files: ["课表.xlsx", "校历.csv"], put: [{ kind: "entry", count: 30 }], removed: [{ kind: "course", count: 2 }] },
      "导入 课表.xlsx、校历.csv；写入课表行 30 条；删除课程 2 条",
      "Imported 课表.xlsx, 校历.csv; wrote timetable rows: 30; deleted courses: 2"],
    [{ what: "undone", number: 4 }, "撤销了第 4 号修改", "Undid change no. 4"],
  ];
  for (const [what, zh, en] of rows) expect([changeWords(ZH, what, NAMES), changeWords(EN, what, NAMES)]).toEqual([zh, en]);
});

test("problems stand by file, sheet, row and column, what is wrong with the whole before its rows", () => {
  const sorted = [
    at("表 2.xlsx", "", 0, ""), at("表 2.xlsx", "三年级", 0, ""), at("表 2.xlsx", "三年级", 2, "A"), at("表 2.xlsx", "三年级", 2, "C"),
    at("表 2.xlsx", "三年级", 2, "AA"), at("表 2.xlsx", "三年级", 10, "B"), at("表 10.xlsx", "三年级", 0, ""),
  ];
  for (const mixed of [[...sorted].reverse(), [3, 0, 5, 1, 6, 2, 4].flatMap((index) => sorted.slice(index, index + 1))]) {
    expect(sortProblems(mixed)).toEqual(sorted);
  }
});

test("a place is named as the person's program numbers it", () => {
  const rows: [RowProblem, string][] = [
    [at("a", "一", 12, "C"), "第 12 行 C 列"], [at("a", "一", 12, ""), "第 12 行"], [at("a", "一", 0, ""), "整张工作表"],
    [at("a", "一", 0, "C"), "C 列"], [at("a", "", 0, ""), "整个文件"],
  ];
  for (const [problem, said] of rows) expect(placeWords(ZH, problem)).toBe(said);
});

test("each thing that can be wrong in a file has its sentence in both languages", () => {
  const rows: [ImportProblem, string][] = [
    [{ problem: "unreadable", zh: "文件有密码，请去掉密码", en: "It has a password." }, "文件有密码，请去掉密码"],
    [{ problem: "nothing_known" }, "没有找到能读懂的内容，请对照模板检查表头"],
    [{ problem: "no_column", heading: "星期" }, "缺少“星期”这一列"],
    [{ problem: "empty", heading: "教师" }, "“教师”不能为空"],
    [{ problem: "bad_value", heading: "周次", text: "单", example: "1-16周" }, "周次：“单”读不懂，应写成“1-16周”这样"],
    [{ problem: "unknown", what: "teacher", name: "王芬", did_you_mean: ["王芳", "王芬芬"] }, "没有名为“王芬”的教师，是不是“王芳”、“王芬芬”？"],
    [{ problem: "unknown", what: "room", name: "x", did_you_mean: [] }, "没有名为“x”的教室"],
    [{ problem: "ambiguous", what: "teacher", name: "李娜", schools: ["甲", "乙"] }, "有多个名为“李娜”的教师，请写明学校（甲、乙）"],
    [{ problem: "contradicts", heading: "年级", other_row: 4, other: "三年级" }, "“年级”和另一行不一致，那里是“三年级”（见第 4 行）"],
    [{ problem: "no_such_period", period: 9, school: "实验小学" }, "实验小学的作息表里没有第 9 节"],
    [{ problem: "outside_term", last_week: 21 }, "周次超出了学期，最后一周是第 21 周"],
    [{ problem: "no_points", course: "音乐" }, "课程“音乐”没有接收教室，将没有教学点听课"],
    [{ problem: "edits_go", count: 2 }, "2 处单节的调课、代课或停课会随原来的课表行一起去掉"],
    [{ problem: "invalid", detail: "a course is missing" }, "数据之间对不上：a course is missing"],
  ];
  for (const [problem, said] of rows) {
    expect(problemWords(ZH, problem)).toBe(said);
    expect(problemWords(EN, problem)).not.toBe("");
  }
});

test("conflicts and refusals are told in words", () => {
  const conflict = { kind: "teacher_busy", lesson: "l", other: "m", whom: "王老师", at: { date: "2026-11-23", period: 2 } } as const;
  expect(conflictWords(ZH, conflict)).toBe("教师王老师这一节还有另一节课");
  expect([whenWords(ZH, conflict.at), whenWords(EN, conflict.at)]).toEqual(["11月23日 周一 第 2 节", "Mon 23 Nov, period 2"]);
  const refused = (field: string, type = "/problems/edit-refused"): string =>
    refusalWords(ZH, { kind: "problem", problem: { type, title: "", status: 409, detail: "", field } });
  expect(refused("nothing-changes")).toBe("和现在一样，不需要修改");
  expect(refused("something-new")).toBe("操作没有成功");
  expect(refused("lesson", "/problems/unknown-lesson")).toBe("课表里已经没有这节课了，请刷新后再看");
  expect(refused("over", "/problems/forbidden")).toBe("您没有权限进行此操作");
});
