// The curriculum plan as a table: grades down, subjects across, periods a week in the cells.

import type { Change, Requirement } from "../protocol";

const NUMERALS = "一二三四五六七八九";
/** More periods a week than a school has are mistyped. */
export const PERIODS_MAX = 40;

export type Plan = { grades: string[]; subjects: string[]; periods: Map<string, number> };

export function planOf(requirements: Requirement[]): Plan {
  const grades = [...new Set(requirements.map((one) => one.grade))].sort(byGrade);
  const subjects = [...new Set(requirements.map((one) => one.subject))];
  return { grades, subjects, periods: new Map(requirements.map((one) => [cellKey(one.grade, one.subject), one.periods])) };
}

export function cellKey(grade: string, subject: string): string {
  return `${grade}\n${subject}`;
}

/** 一年级 before 二年级 before 十年级, and what has no number last. */
function byGrade(a: string, b: string): number {
  const place = (grade: string): number => {
    const chinese = NUMERALS.indexOf(grade.charAt(0));
    return chinese >= 0 ? chinese + 1 : Number(/\d+/.exec(grade)?.[0] ?? 99);
  };
  return place(a) - place(b) || a.localeCompare(b, "zh-CN");
}

/** What was typed into a cell; null for what is no number of periods. Nothing is none. */
export function periodsIn(text: string): number | null {
  if (text.trim() === "") return 0;
  const periods = Number(text);
  return Number.isInteger(periods) && periods >= 0 && periods <= PERIODS_MAX ? periods : null;
}

/** The change that sets a cell; none required removes it. */
export function changeOfCell(grade: string, subject: string, periods: number): Change {
  if (periods === 0) return { put: [], remove: [{ kind: "requirement", key: [grade, subject] }] };
  return { put: [{ kind: "requirement", value: { grade, subject, periods } }], remove: [] };
}

/** Several cells at once. */
export function changeOfCells(before: Plan, after: Map<string, number>): Change {
  const changes = [...after].filter(([key, periods]) => (before.periods.get(key) ?? 0) !== periods).map(([key, periods]) => {
    const [grade = "", subject = ""] = key.split("\n");
    return changeOfCell(grade, subject, periods);
  });
  return { put: changes.flatMap((change) => change.put), remove: changes.flatMap((change) => change.remove) };
}
