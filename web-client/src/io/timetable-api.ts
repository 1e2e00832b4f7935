// The timetable over HTTP: weeks, records, edits, changes, imports, export, feeds.

import type { Failure } from "../core/problems";
import type {
  ChangeList, ConflictList, Edit, EditDone, Feed, FeedOrder, ImportPreview, Record as BookRecord, RecordList, WeekView,
} from "../core/protocol";
import { call, failureOf, type Result } from "./http";

/** What is not given is not sent. */
type Query = { [name: string]: string | number | boolean | null };

export type UploadOrder = { file: File; into: string | null; term: string | null; removeNotNamed: boolean; /** Others follow at once. */ more: boolean };

export const timetableApi = {
  week: (token: string, query: Query): Promise<Result<WeekView>> => call("GET", `/api/timetable/week${search(query)}`, token),
  records: (token: string, kinds: BookRecord["kind"][], school: string | null = null): Promise<Result<RecordList>> =>
    call("GET", `/api/timetable/records${search({ kinds: kinds.join(","), school })}`, token),
  check: (token: string, edit: Edit): Promise<Result<EditDone>> =>
    call("POST", "/api/timetable/edits/check", token, JSON.stringify({ edit })),
  edit: (token: string, edit: Edit): Promise<Result<EditDone>> =>
    call("POST", "/api/timetable/edits", token, JSON.stringify({ edit })),
  changes: (token: string): Promise<Result<ChangeList>> => call("GET", "/api/timetable/changes", token),
  undo: (token: string, number: number): Promise<Result<EditDone>> => call("POST", `/api/timetable/changes/${number}/undo`, token),
  conflicts: (token: string, from: string, to: string): Promise<Result<ConflictList>> =>
    call("GET", `/api/timetable/conflicts${search({ from, to })}`, token),
  feed: (token: string, order: FeedOrder): Promise<Result<Feed>> => call("POST", "/api/feeds", token, JSON.stringify(order)),
  applyImport: (token: string, id: string): Promise<Result<EditDone>> =>
    call("POST", `/api/imports/${encodeURIComponent(id)}/apply`, token),
  forgetImport: (token: string, id: string): Promise<Result<null>> =>
    asked(`/api/imports/${encodeURIComponent(id)}`, { method: "DELETE", headers: bearer(token) }, () => Promise.resolve(null)),
  exported: (token: string, term: string | null): Promise<Result<Blob>> =>
    asked(`/api/timetable/export.xlsx${search({ term })}`, { headers: bearer(token), cache: "no-store" }, (response) => response.blob()),
  upload,
};

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function search(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== false && value !== "");
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

async function asked<T>(path: string, ask: RequestInit, read: (response: Response) => Promise<T>): Promise<Result<T>> {
  try {
    const response = await fetch(path, ask);
    return response.ok ? { ok: true, value: await read(response) } : { ok: false, failure: await failureOf(response) };
  } catch {
    return { ok: false, failure: { kind: "network" } };
  }
}

/** Only this older interface tells how much of a body is sent; `progress` hears from 0 to 1. */
function upload(token: string, { file, into, term, removeNotNamed, more }: UploadOrder, progress: (sent: number) => void): Promise<Result<ImportPreview>> {
  return new Promise((resolve) => {
    const failed = (failure: Failure): void => resolve({ ok: false, failure });
    const request = new XMLHttpRequest();
    request.open("POST", `/api/imports${search({ name: file.name, import: into, term, remove_courses_not_named: removeNotNamed, more })}`);
    request.setRequestHeader("accept", "application/json, application/problem+json");
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    };
    request.onerror = () => failed({ kind: "network" });
    request.onabort = () => failed({ kind: "network" });
    request.onload = () => void answered(request).then(resolve, () => failed({ kind: "network" }));
    request.send(file);
  });
}

async function answered(request: XMLHttpRequest): Promise<Result<ImportPreview>> {
  const type = request.getResponseHeader("content-type") ?? "";
  const response = new Response(request.responseText, { status: request.status, headers: { "content-type": type } });
  if (!response.ok) return { ok: false, failure: await failureOf(response) };
  return { ok: true, value: (await response.json()) as ImportPreview };
}
