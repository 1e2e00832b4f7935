// Moving bytes to and from the server to see how long they take.

import { after, monotonicMs } from "./ticking";

/** What is not answered by then counts as lost. */
const TRIP_LIMIT_MS = 3000;
const TRANSFER_LIMIT_MS = 10_000;
/** The most that is asked of the browser's source of chance at once. */
const CHANCE_BYTES = 65_536;

/** Milliseconds of one small request; null where none was answered in time. */
export function tripMs(token: string): Promise<number | null> {
  return timed("/api/line-check/down?bytes=1", { headers: authorized(token) }, TRIP_LIMIT_MS);
}

export function downMs(token: string, bytes: number): Promise<number | null> {
  return timed(`/api/line-check/down?bytes=${bytes}`, { headers: authorized(token) }, TRANSFER_LIMIT_MS);
}

export function upMs(token: string, bytes: number): Promise<number | null> {
  const body = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += CHANCE_BYTES) crypto.getRandomValues(body.subarray(at, Math.min(bytes, at + CHANCE_BYTES)));
  return timed("/api/line-check/up", { method: "POST", headers: authorized(token), body }, TRANSFER_LIMIT_MS);
}

function authorized(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function timed(path: string, ask: RequestInit, limitMs: number): Promise<number | null> {
  const limit = new AbortController();
  const callOff = after(limitMs, () => limit.abort());
  const began = monotonicMs();
  try {
    const response = await fetch(path, { ...ask, cache: "no-store", signal: limit.signal });
    await response.arrayBuffer();
    return response.ok ? monotonicMs() - began : null;
  } catch {
    return null;
  } finally {
    callOff();
  }
}
