// JSON over HTTP with the bearer's token. A failure is a value: pages say it in a sentence.

import type { DemoPerson, JobList, JobOrder, LessonId, LessonList, LessonSummary, Me, Playback, Problem } from "../core/protocol";
import type { Failure } from "../core/problems";

export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export const api = {
  demoPeople: (): Promise<Result<{ people: DemoPerson[] }>> => call("GET", "/api/demo/people", null),
  me: (token: string): Promise<Result<Me>> => call("GET", "/api/me", token),
  lessonsToday: (token: string): Promise<Result<LessonList>> => call("GET", "/api/lessons", token),
  library: (token: string): Promise<Result<LessonList>> => call("GET", "/api/library", token),
  lesson: (token: string, id: LessonId): Promise<Result<LessonSummary>> =>
    call("GET", `/api/lessons/${encodeURIComponent(id)}`, token),
  playback: (token: string, id: LessonId): Promise<Result<Playback>> =>
    call("POST", `/api/lessons/${encodeURIComponent(id)}/playback`, token),
  jobs: (token: string, id: LessonId): Promise<Result<JobList>> =>
    call("GET", `/api/lessons/${encodeURIComponent(id)}/jobs`, token),
  orderJob: (token: string, id: LessonId, order: JobOrder): Promise<Result<JobList>> =>
    call("POST", `/api/lessons/${encodeURIComponent(id)}/jobs`, token, JSON.stringify(order)),
};

/** A file of a recording by its signed path. Failing is a value here too: `status` is null when nothing answered. */
export type Fetched<T> = { ok: true; value: T } | { ok: false; status: number | null };

export const files = {
  text: (path: string): Promise<Fetched<string>> => fetched(path, {}, (response) => response.text()),
  json: (path: string): Promise<Fetched<unknown>> => fetched(path, {}, (response) => response.json()),
  /** `length` bytes from `offset` on (RFC 9110 section 14). A server that sends the whole file instead is refused. */
  bytes: (path: string, offset: number, length: number, signal: AbortSignal): Promise<Fetched<ArrayBuffer>> =>
    fetched(path, { headers: { range: `bytes=${offset}-${offset + length - 1}` }, signal }, async (response) => {
      if (response.status !== 206) throw new TypeError("not the bytes that were asked for");
      return response.arrayBuffer();
    }),
};

async function fetched<T>(path: string, ask: RequestInit, read: (response: Response) => Promise<T>): Promise<Fetched<T>> {
  try {
    const response = await fetch(path, ask);
    return response.ok ? { ok: true, value: await read(response) } : { ok: false, status: response.status };
  } catch {
    return { ok: false, status: null };
  }
}

export async function call<T>(method: "GET" | "POST", path: string, token: string | null, json: string | null = null): Promise<Result<T>> {
  try {
    const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
    if (token !== null) headers["authorization"] = `Bearer ${token}`;
    if (json !== null) headers["content-type"] = "application/json";
    const response = await fetch(path, { method, headers, body: json, cache: "no-store" });
    if (!response.ok) return { ok: false, failure: await failureOf(response) };
    return { ok: true, value: (await response.json()) as T };
  } catch {
    return { ok: false, failure: { kind: "network" } };
  }
}

/** Reads the problem document of a refused request, if there is one. */
export async function failureOf(response: Response): Promise<Failure> {
  const status: Failure = { kind: "status", status: response.status };
  if (!(response.headers.get("content-type") ?? "").includes("json")) return status;
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.type !== "string") return status;
    const problem: Problem = {
      type: body.type, title: body.title ?? "", status: body.status ?? response.status, detail: body.detail ?? "",
      ...(body.field === undefined ? {} : { field: body.field }),
    };
    return { kind: "problem", problem };
  } catch {
    return status;
  }
}
