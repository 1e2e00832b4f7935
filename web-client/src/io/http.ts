// JSON over HTTP with the bearer's token. A failure is a value: pages say it in a sentence.

import type { DemoPerson, LessonId, LessonList, LessonSummary, Me, Playback, Problem } from "../core/protocol";
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
};

async function call<T>(method: "GET" | "POST", path: string, token: string | null): Promise<Result<T>> {
  try {
    const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
    if (token !== null) headers["authorization"] = `Bearer ${token}`;
    const response = await fetch(path, { method, headers, cache: "no-store" });
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
    };
    return { kind: "problem", problem };
  } catch {
    return status;
  }
}
