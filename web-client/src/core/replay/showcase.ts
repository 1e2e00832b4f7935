// 精品课, the file that contests take: what is ordered, and how its making stands.

import type { JobList, JobOrder } from "../protocol";

const JOB = "showcase";

/** The server's title card has no room for more in a line. */
export const FIELD_CHARS_MAX = 22;

export type Making =
  | { kind: "none" }
  | { kind: "under_way"; waiting: boolean; percent: number }
  | { kind: "done" }
  | { kind: "failed" };

/** How it stands by the server's answer, given how it stood. */
export function makingIn(list: JobList, before: Making): Making {
  const report = list.jobs.find((each) => each.job === JOB);
  // A server that was started anew has forgotten what it was making.
  if (report === undefined) return { kind: before.kind === "under_way" ? "failed" : "none" };
  switch (report.state) {
    case "waiting":
    case "running":
      return { kind: "under_way", waiting: report.state === "waiting", percent: report.percent };
    case "done":
      return { kind: "done" };
    case "failed":
      return { kind: "failed" };
  }
}

/** Null while a field is empty: contests want both on the title card. */
export function orderOf(edition: string, grade: string): JobOrder | null {
  const [textbookEdition, wantedGrade] = [edition.trim(), grade.trim()];
  if (textbookEdition === "" || wantedGrade === "") return null;
  return { job: JOB, textbook_edition: textbookEdition, grade: wantedGrade };
}

/** The grade that a class group names, to begin with; empty where it names none or several. */
export function gradeIn(classGroup: string): string {
  const [grade, another] = classGroup.match(/[一二三四五六七八九]年级|[初高][一二三]/g) ?? [];
  return grade === undefined || another !== undefined ? "" : grade;
}
