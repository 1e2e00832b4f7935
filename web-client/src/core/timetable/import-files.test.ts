import { expect, test } from "vitest";

import type { ImportPreview } from "../protocol";
import { FILE_BYTES_MAX, fileTrouble, standingOf } from "./import-files";

const PREVIEW: ImportPreview = {
  id: "i", files: [], added: [], changed: [], removed: [], unchanged: [{ kind: "entry", count: 9 }], lessons_before: 9, lessons_after: 9,
  problems: [], problems_left_off: 0, warnings: [], conflicts: [], conflicts_left_off: 0, courses_not_named: [],
};

test("spreadsheets of a bearable size are taken", () => {
  const rows: [string, number, string | null][] = [
    ["课表.xlsx", 10, null], ["课表.XLS", 10, null], ["a.b.csv", FILE_BYTES_MAX, null], ["课表.docx", 10, "wrong_kind"], ["xlsx", 10, "wrong_kind"],
    ["课表.xlsx", FILE_BYTES_MAX + 1, "too_large"],
  ];
  for (const [name, bytes, trouble] of rows) expect(fileTrouble(name, bytes), name).toBe(trouble);
});

test("nothing is imported while there is a problem, or when nothing would change", () => {
  expect(standingOf(PREVIEW)).toBe("same");
  expect(standingOf({ ...PREVIEW, removed: [{ kind: "course", count: 1 }] })).toBe("ready");
  expect(standingOf({ ...PREVIEW, added: [{ kind: "entry", count: 1 }], problems_left_off: 1 })).toBe("problems");
});
