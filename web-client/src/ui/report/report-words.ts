// Labels and rates of the report, as shown.

import type { ReportBy } from "../../core/protocol";
import { percentOf } from "../../core/report/chart";
import { rt } from "./speech";

export function rateWords(ratio: number | null): string {
  return ratio === null ? rt.value.report.noRate : rt.value.report.percent(percentOf(ratio));
}

/** Weeks and months are said in the page's language, from their key; everything else names itself. */
export function labelWords(by: ReportBy, key: string, label: string): string {
  const words = rt.value.report;
  if (key === "") return words.untold;
  if (by === "week") return words.week(key);
  const month = by === "month" ? /^(\d{4})-(\d{2})$/.exec(key) : null;
  return month === null ? label : words.month(Number(month[1]), Number(month[2]));
}
