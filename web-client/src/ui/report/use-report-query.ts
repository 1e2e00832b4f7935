// The report's query lives in the address: every press changes it, and a link or the back button brings it back.

import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter, type RouteLocationRaw } from "vue-router";

import { addressOf, queryFrom, type ReportQuery } from "../../core/report/query";

export type UsedReportQuery = {
  query: ComputedRef<ReportQuery>;
  /** Where a link to another query leads. */
  linkTo: (query: ReportQuery) => RouteLocationRaw;
  go: (query: ReportQuery) => void;
};

export function useReportQuery(): UsedReportQuery {
  const [route, router] = [useRoute(), useRouter()];
  const linkTo = (query: ReportQuery): RouteLocationRaw => ({ path: "/report", query: addressOf(query) });
  return { query: computed(() => queryFrom(route.query)), linkTo, go: (query) => void router.push(linkTo(query)) };
}
