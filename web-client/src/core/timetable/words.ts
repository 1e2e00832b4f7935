// Timetable facts in sentences: conflicts, edits, changes, what is wrong in a file. The words themselves are in lang/.

import type { Messages } from "../lang";
import type { TimetableMessages } from "../lang/timetable";
import type { Failure } from "../problems";
import { problemKey } from "../problems";
import type {
  ChangeKind, Conflict, DatePeriod, Edit, ImportProblem, RecordCount, RowProblem, SpecialDay,
} from "../protocol";
import type { Language } from "../times";
import { monthDay, weekdayOf, type IsoDate } from "./dates";

/** What a sentence about a day needs beside the facts. */
export type DaySpeech = { t: Messages; language: Language };
/** The same with the timetable's own sentences. */
export type Speech = DaySpeech & { tt: TimetableMessages };
/** Names by ids; an id that is not known stands for itself. */
export type Names = { teacher: (id: string) => string; room: (id: string) => string };

/** `11月23日 周一` */
export function dayWords({ t, language }: DaySpeech, date: IsoDate): string {
  return t.lessonWords.dayTitle(monthDay(date, language), t.lessonWords.weekday(weekdayOf(date)));
}

/** `11月23日 周一 第 3 节` */
export function whenWords(speech: DaySpeech, { date, period }: DatePeriod): string {
  const day = dayWords(speech, date);
  return period === 0 ? day : speech.t.lessonWords.dayAndPeriod(day, period);
}

export function specialWords({ t }: DaySpeech, special: SpecialDay): string {
  if (special.rule.rule === "off") return t.lessonWords.off(special.name);
  return t.lessonWords.follows(special.rule.week_no, t.lessonWords.weekday(special.rule.weekday));
}

export function conflictWords({ tt }: Speech, conflict: Conflict): string {
  return tt.conflicts.kinds[conflict.kind](conflict.whom);
}

/** The sentence for a refused edit; other failures have the page's usual ones. */
export function refusalWords({ t, tt }: Speech, failure: Failure): string {
  if (failure.kind === "problem" && failure.problem.type.endsWith("/edit-refused")) {
    const said: { [field: string]: string } = tt.refused;
    const sentence = said[failure.problem.field ?? ""];
    if (sentence !== undefined) return sentence;
  }
  if (failure.kind === "problem" && failure.problem.type.endsWith("/unknown-lesson")) return tt.refused["unknown-lesson"];
  return t.problems[problemKey(failure)];
}

export function countWords({ t, tt }: Speech, counts: RecordCount[]): string {
  const names: { [kind: string]: string } = tt.records;
  return counts.filter(({ count }) => count > 0).map(({ kind, count }) => tt.countOf(names[kind] ?? kind, count))
    .join(t.lessonWords.separator);
}

export function changeWords(speech: Speech, what: ChangeKind, names: Names): string {
  const words = speech.tt.changes;
  const counted = (put: RecordCount[], removed: RecordCount[]): string => {
    const [wrote, deleted] = [countWords(speech, put), countWords(speech, removed)];
    return [wrote === "" ? "" : words.put(wrote), deleted === "" ? "" : words.removed(deleted)].filter((part) => part !== "").join(words.joint);
  };
  switch (what.what) {
    case "edited":
      return editWords(speech, what.edit, what.title, names);
    case "records":
      return counted(what.put, what.removed) || words.records;
    case "imported":
      return [words.imported(what.files.join(speech.t.lessonWords.separator)), counted(what.put, what.removed)]
        .filter((part) => part !== "").join(words.joint);
    case "undone":
      return words.undone(what.number);
  }
}

function editWords(speech: Speech, edit: Edit, title: string, names: Names): string {
  const words = speech.tt.changes;
  const lesson = title === "" ? words.someLesson : words.quoted(title);
  switch (edit.edit) {
    case "reschedule":
      return words.reschedule(lesson, whenWords(speech, edit.to));
    case "substitute":
      return words.substitute(lesson, names.teacher(edit.teacher));
    case "change_room":
      return words.change_room(lesson, names.room(edit.room));
    case "cancel":
      return words.cancel(lesson, edit.reason);
    case "retitle":
      return words.retitle(lesson, edit.title);
    case "restore":
      return words.restore(lesson);
    case "add_lesson": {
      const what = words.quoted(edit.title === "" ? edit.course.name : edit.title);
      return words.add_lesson(speech.t.lessonWords.kinds[edit.course.kind], `${what} ${whenWords(speech, edit)}`);
    }
    case "records": {
      const { put, remove } = edit.change;
      const [wrote, deleted] = [countWords(speech, countKinds(put)), countWords(speech, countKinds(remove))];
      const parts = [wrote === "" ? "" : words.put(wrote), deleted === "" ? "" : words.removed(deleted)];
      return parts.filter((part) => part !== "").join(words.joint) || words.records;
    }
  }
}

function countKinds(records: { kind: string }[]): RecordCount[] {
  const counts = new Map<string, number>();
  for (const { kind } of records) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, count }));
}

/** By file, sheet, row and column; what is wrong with a whole file or sheet comes before its rows. */
export function sortProblems(problems: RowProblem[]): RowProblem[] {
  const order = new Intl.Collator("zh-CN", { numeric: true });
  return [...problems].sort((a, b) =>
    order.compare(a.file, b.file) || order.compare(a.sheet, b.sheet) || a.row - b.row
    || a.column.length - b.column.length || a.column.localeCompare(b.column));
}

/** `第 12 行 C 列` */
export function placeWords({ tt }: Speech, { sheet, row, column }: RowProblem): string {
  const words = tt.imports;
  if (row > 0) return column === "" ? words.row(row) : words.cell(row, column);
  if (column !== "") return words.columnOnly(column);
  return sheet === "" ? words.wholeFile : words.wholeSheet;
}

export function problemWords({ t, tt, language }: Speech, problem: ImportProblem): string {
  const { problem: words, what: whats } = tt.imports;
  const list = (names: string[]): string => names.map(words.quoted).join(t.lessonWords.separator);
  const named = (what: string): string => (whats as { [what: string]: string })[what] ?? what;
  switch (problem.problem) {
    case "unreadable":
      return language === "zh" ? problem.zh : problem.en;
    case "nothing_known":
      return words.nothing_known;
    case "no_column":
      return words.no_column(problem.heading);
    case "empty":
      return words.empty(problem.heading);
    case "bad_value": {
      const said = words.bad_value(problem.text, problem.example);
      return problem.heading === "" ? said : words.bad_value_under(problem.heading, said);
    }
    case "unknown": {
      const hint = problem.did_you_mean.length === 0 ? "" : words.did_you_mean(list(problem.did_you_mean));
      return words.unknown(named(problem.what), problem.name) + hint;
    }
    case "ambiguous": {
      const where = problem.schools.length === 0 ? "" : words.ambiguous_in(problem.schools.join(t.lessonWords.separator));
      return words.ambiguous(named(problem.what), problem.name) + where;
    }
    case "contradicts":
      return words.contradicts(problem.heading, problem.other) + (problem.other_row > 0 ? words.contradicts_row(problem.other_row) : "");
    case "no_such_period":
      return words.no_such_period(problem.period, problem.school);
    case "outside_term":
      return words.outside_term(problem.last_week);
    case "no_points":
      return words.no_points(problem.course);
    case "edits_go":
      return words.edits_go(problem.count);
    case "invalid":
      return words.invalid(problem.detail);
  }
}
