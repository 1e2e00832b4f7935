// The timetable of a term as a spreadsheet, saved where downloads go. It is also the template for an import.

import type { Failure } from "../../core/problems";
import type { Term } from "../../core/protocol";
import { saveFile } from "../../io/save-file";
import { timetableApi } from "../../io/timetable-api";
import { t } from "../lang";
import { session } from "../session";

/** Null when it went well. */
export async function saveTimetable(term: Term | null): Promise<Failure | null> {
  const result = await timetableApi.exported(session.token ?? "", term?.id ?? null);
  if (!result.ok) return result.failure;
  saveFile(result.value, `${t.value.titles.timetable}${term === null ? "" : ` ${term.name}`}.xlsx`);
  return null;
}
