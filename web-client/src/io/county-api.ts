// The county's day, its readiness, its delivery report and its ledger over HTTP.

import type {
  ClockConfirmation, ClockView, CorrectionOrder, CountyToday, LedgerView, LessonId, LessonLines, OfferedView, Readiness, Report, ReportLessons, Today,
} from "../core/protocol";
import { call, failureOf, type Result } from "./http";

const lessonPath = (id: LessonId, what: string): string => `/api/lessons/${encodeURIComponent(id)}/${what}`;

export const countyApi = {
  today: (token: string): Promise<Result<Today>> => call("GET", "/api/today", token),
  countyToday: (token: string): Promise<Result<CountyToday>> => call("GET", "/api/county/today", token),
  readiness: (token: string): Promise<Result<Readiness>> => call("GET", "/api/readiness", token),
  clock: (token: string): Promise<Result<ClockView>> => call("GET", "/api/clock", token),
  confirmClock: (token: string, confirmation: ClockConfirmation): Promise<Result<ClockView>> =>
    call("POST", "/api/clock/confirm", token, JSON.stringify(confirmation)),
  /** `query` is `side=…&by=…` with its filters. */
  report: (token: string, query: string): Promise<Result<Report>> => call("GET", `/api/report?${query}`, token),
  reportLessons: (token: string, query: string): Promise<Result<ReportLessons>> => call("GET", `/api/report/lessons?${query}`, token),
  reportFile: (token: string, query: string): Promise<Result<Blob>> => file(`/api/report.xlsx?${query}`, token),
  /** `week` null is the week it is. */
  offered: (token: string, week: number | null): Promise<Result<OfferedView>> =>
    call("GET", week === null ? "/api/offered" : `/api/offered?week=${week}`, token),
  ledger: (token: string, id: LessonId): Promise<Result<LedgerView>> => call("GET", lessonPath(id, "ledger"), token),
  lines: (token: string, id: LessonId): Promise<Result<LessonLines>> => call("GET", lessonPath(id, "lines"), token),
  correct: (token: string, id: LessonId, order: CorrectionOrder): Promise<Result<LedgerView>> =>
    call("POST", lessonPath(id, "corrections"), token, JSON.stringify(order)),
};

/** A link cannot carry the token, so the file is fetched and then saved. */
async function file(path: string, token: string): Promise<Result<Blob>> {
  try {
    const response = await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
    return response.ok ? { ok: true, value: await response.blob() } : { ok: false, failure: await failureOf(response) };
  } catch {
    return { ok: false, failure: { kind: "network" } };
  }
}
