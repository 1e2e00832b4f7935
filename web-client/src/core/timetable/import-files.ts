// Which files an import takes, and what its preview comes to.

import type { ImportPreview, RecordCount } from "../protocol";

const KINDS = /\.(xlsx|xls|csv)$/i;
/** As on the server. */
export const FILE_BYTES_MAX = 10 * 1024 * 1024;

export type FileTrouble = "wrong_kind" | "too_large";

export function fileTrouble(name: string, bytes: number): FileTrouble | null {
  if (!KINDS.test(name)) return "wrong_kind";
  return bytes > FILE_BYTES_MAX ? "too_large" : null;
}

/** What can be done with a preview: correct the files, import, or nothing since all is so already. */
export type Standing = "problems" | "ready" | "same";

export function standingOf(preview: ImportPreview): Standing {
  if (preview.problems.length > 0 || preview.problems_left_off > 0) return "problems";
  const total = (counts: RecordCount[]): number => counts.reduce((sum, { count }) => sum + count, 0);
  return total(preview.added) + total(preview.changed) + total(preview.removed) === 0 ? "same" : "ready";
}
