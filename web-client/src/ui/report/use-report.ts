// What the report page asks of the server for the query in its address.

import { computed, watch, type ComputedRef, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { Report, ReportLessons, ReportSide } from "../../core/protocol";
import { serverQuery, type ReportQuery } from "../../core/report/query";
import { countyApi } from "../../io/county-api";
import { useAsked, type UsedAnswer } from "../timetable/use-asked";

/** What is due moves with the bells, no faster. */
const ASK_EVERY_MS = 60_000;

export type UsedReport = {
  /** Null until it is there, and while what is shown answers another query. */
  report: ShallowRef<Report | null>;
  weeks: ShallowRef<Report | null>;
  lessons: ShallowRef<ReportLessons | null>;
  failure: ComputedRef<Failure | null>;
  ask: () => void;
};

export function useReport(query: ComputedRef<ReportQuery>): UsedReport {
  const side = (): ReportSide | null => (query.value.tab === "offered" ? null : query.value.tab);
  const rows = useAsked((token) => {
    const [now, { by, filter }] = [side(), query.value];
    return now === null || by === "lessons" ? null : countyApi.report(token, serverQuery(now, by, filter));
  }, ASK_EVERY_MS);
  const weeks = useAsked((token) => {
    const [now, { filter }] = [side(), query.value];
    return now === null || filter.week !== null ? null : countyApi.report(token, serverQuery(now, "week", filter));
  }, ASK_EVERY_MS);
  const lessons = useAsked((token) => {
    const [now, { by, filter }] = [side(), query.value];
    return now === null || by !== "lessons" ? null : countyApi.reportLessons(token, serverQuery(now, null, filter));
  }, ASK_EVERY_MS);
  const all: UsedAnswer<unknown>[] = [rows, weeks, lessons];

  function ask(): void {
    for (const each of all) void each.ask();
  }

  // Figures of another query must not stand under new words.
  watch(() => JSON.stringify(query.value), () => {
    for (const each of all) {
      each.value.value = null;
      each.failure.value = null;
    }
    ask();
  });
  const failure = computed(() => (query.value.by === "lessons" ? lessons.failure.value : rows.failure.value));
  return { report: rows.value, weeks: weeks.value, lessons: lessons.value, failure, ask };
}
