// The names of what the report is filtered by. An address carries ids; the rows once shown, or the server, know the names.

import { reactive, watch, type ComputedRef, type ShallowRef } from "vue";

import type { Report, ReportBy } from "../../core/protocol";
import { chipsOf, NO_FILTER, serverQuery, type ReportQuery } from "../../core/report/query";
import { withFilter } from "../../core/report/drill";
import { countyApi } from "../../io/county-api";
import { session } from "../session";

export function useChipNames(query: ComputedRef<ReportQuery>, report: ShallowRef<Report | null>): (key: ReportBy, value: string) => string {
  const names = reactive(new Map<string, string>());
  const nameKey = (key: ReportBy, value: string): string => `${key} ${value}`;

  async function find(key: ReportBy, value: string): Promise<void> {
    const side = query.value.tab === "receive" ? "receive" : "master";
    const result = await countyApi.report(session.token ?? "", serverQuery(side, key, withFilter(NO_FILTER, key, value)));
    const row = result.ok ? result.value.rows.find((each) => each.key === value) : undefined;
    if (row !== undefined) names.set(nameKey(key, value), row.label);
  }

  watch(report, (now) => {
    for (const row of now?.rows ?? []) if (now !== null) names.set(nameKey(now.by, row.key), row.label);
  });
  watch(query, (now) => {
    for (const { key, value } of chipsOf(now.filter)) {
      // Only these two are filtered by an id; the others name themselves.
      if ((key === "school" || key === "teacher") && !names.has(nameKey(key, value))) void find(key, value);
    }
  }, { immediate: true });
  return (key, value) => names.get(nameKey(key, value)) ?? value;
}
