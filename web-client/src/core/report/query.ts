// What the delivery report shows, as the address tells it: a link brings back the same table.

import type { ReportBy, ReportFilter, ReportSide } from "../protocol";
import { LAST_WEEK } from "../timetable/dates";

export type ReportTab = ReportSide | "offered";
export type ReportRows = ReportBy | "lessons";

export type ReportQuery = { tab: ReportTab; by: ReportRows; filter: ReportFilter };

export type FilterKey = keyof ReportFilter;
/** What an address gives for one parameter, as vue-router reads it. */
export type AddressQuery = Readonly<Record<string, string | null | (string | null)[] | undefined>>;

export const NO_FILTER: ReportFilter = {
  from: null, to: null, area: null, school: null, subject: null, teacher: null, week: null, month: null,
};

const TABS: readonly ReportTab[] = ["master", "receive", "offered"];
export const DIMENSIONS: readonly ReportBy[] = ["area", "school", "subject", "teacher", "week", "month"];
const ROWS: readonly ReportRows[] = [...DIMENSIONS, "lessons"];
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-\d{2}$/;

/** What cannot be read is left out, so that an old or mistyped address still shows a report. */
export function queryFrom(address: AddressQuery): ReportQuery {
  /** Empty is an answer too: what the row of those that are not told is found by. */
  const told = (name: string): string | null => {
    const value = address[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };
  const text = (name: string): string | null => (told(name) === "" ? null : told(name));
  const matching = (name: string, shape: RegExp): string | null => {
    const value = text(name);
    return value !== null && shape.test(value) ? value : null;
  };
  const week = Number(matching("week", /^\d{1,2}$/) ?? 0);
  return {
    tab: TABS.find((tab) => tab === text("side")) ?? "master",
    by: ROWS.find((rows) => rows === text("by")) ?? "area",
    filter: {
      from: matching("from", DATE), to: matching("to", DATE), area: told("area"), school: text("school"), subject: told("subject"),
      teacher: text("teacher"), week: week >= 1 && week <= LAST_WEEK ? week : null, month: matching("month", MONTH),
    },
  };
}

/** The address of a query, without what is so by itself. */
export function addressOf(query: ReportQuery): Record<string, string> {
  const address: Record<string, string> = {};
  if (query.tab !== "master") address["side"] = query.tab;
  if (query.by !== "area") address["by"] = query.by;
  return { ...address, ...filterWords(query.filter) };
}

export function filterWords(filter: ReportFilter): Record<string, string> {
  const given = Object.entries(filter).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

/** `side=master&by=area&from=…`, as the server takes it. `by` is left out where it means nothing. */
export function serverQuery(side: ReportSide, by: ReportBy | null, filter: ReportFilter): string {
  const words = new Map(Object.entries({ side, ...(by === null ? {} : { by }), ...filterWords(filter) }));
  return [...words].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
}

/** Filters that stand as chips, in the order they are told. The dates have a field of their own. */
export function chipsOf(filter: ReportFilter): { key: ReportBy; value: string }[] {
  return DIMENSIONS.flatMap((key) => {
    const value = filter[key];
    return value === null ? [] : [{ key, value: String(value) }];
  });
}
