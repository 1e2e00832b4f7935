// Drilling down: a pressed row becomes a filter and the next finer rows are shown, down to the lessons.

import type { ReportBy, ReportFilter } from "../protocol";
import type { ReportQuery, ReportRows } from "./query";

/** From coarse to fine. Subject, week and month cut across: they may be asked for at any depth. */
const DOWN: readonly ("area" | "school" | "teacher")[] = ["area", "school", "teacher"];

export function withFilter(filter: ReportFilter, key: ReportBy, value: string): ReportFilter {
  return key === "week" ? { ...filter, week: Number(value) } : { ...filter, [key]: value };
}

/** The rows below the finest filter there is. */
export function finerThan(filter: ReportFilter): ReportRows {
  const deepest = DOWN.reduce((found, key, index) => (filter[key] === null ? found : index), -1);
  return DOWN[deepest + 1] ?? "lessons";
}

/** A row of what is not told has an empty key; only these two can be asked for by it. */
export function canDrill(by: ReportBy, key: string): boolean {
  return key !== "" || by === "area" || by === "subject";
}

export function drilledInto(query: ReportQuery, key: string): ReportQuery {
  if (query.by === "lessons") return query;
  const filter = withFilter(query.filter, query.by, key);
  return { ...query, filter, by: finerThan(filter) };
}

/** Takes a chip away. What was below it goes with it, and its own rows are shown again. */
export function withoutChip(query: ReportQuery, key: ReportBy): ReportQuery {
  const depth = DOWN.findIndex((each) => each === key);
  if (depth < 0) return { ...query, filter: { ...query.filter, [key]: null } };
  const filter = DOWN.slice(depth).reduce<ReportFilter>((left, each) => ({ ...left, [each]: null }), query.filter);
  return { ...query, filter, by: key };
}
