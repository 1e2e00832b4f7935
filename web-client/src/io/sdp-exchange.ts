// The HTTP half that WHIP (RFC 9725) and WHEP share: offer out, answer in, PATCH to mend, DELETE to leave.

import { audioOffer, type Stereo } from "../core/audio-offer";
import { restartedAnswer, restartFragment } from "../core/ice-restart";
import type { Failure } from "../core/problems";
import { failureOf } from "./http";
import { after } from "./ticking";

export class ExchangeRefused extends Error {
  constructor(readonly failure: Failure) {
    super("the server refused the offer");
  }
}

/** What came of asking the server about a session. */
export type Mended = "mended" | "gone" | "unreachable";
export type Checked = "known" | "stale" | "gone" | "unreachable";

/** A session as the server knows it. */
export type Exchanged = {
  /** ICE is restarted: new credentials on both sides, the same keys, seats and pictures. */
  mend: () => Promise<Mended>;
  /** Asks whether the server still has the session, and in the same generation of ICE. */
  check: () => Promise<Checked>;
  /** Leaving is a courtesy. */
  leave: () => void;
};

type Known = { url: string; token: string; stereo: Stereo; answer: string; tag: string };

const FRAGMENT = "application/trickle-ice-sdpfrag";
/** An answer that takes longer does not come: the line is cut. */
const PATCH_LIMIT_MS = 5000;

/**
 * Posts the offer at once, without waiting for candidates: the server is ICE-lite and learns this side from its
 * checks.
 */
export async function exchange(
  connection: RTCPeerConnection,
  endpoint: string,
  token: string,
  stereo: Stereo,
): Promise<Exchanged> {
  const sdp = await applyOffer(connection, (await connection.createOffer()).sdp ?? "", stereo);
  const response = await post(endpoint, token, sdp);
  if (!response.ok) throw new ExchangeRefused(await failureOf(response));
  const url = new URL(response.headers.get("location") ?? "", new URL(endpoint, window.location.href)).href;
  const known: Known = { url, token, stereo, answer: await response.text(), tag: response.headers.get("etag") ?? "*" };
  try {
    await connection.setRemoteDescription({ type: "answer", sdp: known.answer });
  } catch (error) {
    leave(known);
    throw error;
  }
  let patching: AbortController | null = null;
  const patched = (): AbortSignal => {
    patching?.abort();
    patching = new AbortController();
    return patching.signal;
  };
  return {
    mend: () => mend(connection, known, patched()),
    check: () => check(connection, known, patched()),
    leave: () => leave(known),
  };
}

/** Applies the offer with what is written into it for sound, or as the browser made it if it minds. Returns what was applied. */
async function applyOffer(connection: RTCPeerConnection, made: string, stereo: Stereo): Promise<string> {
  const sdp = audioOffer(made, stereo);
  try {
    await connection.setLocalDescription({ type: "offer", sdp });
    return sdp;
  } catch {
    await connection.setLocalDescription({ type: "offer", sdp: made });
    return made;
  }
}

async function post(endpoint: string, token: string, sdp: string): Promise<Response> {
  try {
    return await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
      body: sdp,
    });
  } catch {
    throw new ExchangeRefused({ kind: "network" });
  }
}

/** Nothing is applied before the server agrees: a line that comes back by itself goes on with the old credentials. */
async function mend(connection: RTCPeerConnection, known: Known, signal: AbortSignal): Promise<Mended> {
  try {
    const made = (await connection.createOffer({ iceRestart: true })).sdp ?? "";
    const fragment = restartFragment(made);
    if (fragment === null || signal.aborted) return "unreachable";
    let response = await patch(known, known.tag, fragment, signal);
    // An answer was lost: whichever generation there is now, it is not ours (RFC 9725, section 4.3.3). Said at first, `*` would
    // let a request that was given up long ago, and reaches the server late, shut this side out.
    if (response.status === 412) response = await patch(known, "*", fragment, signal);
    if (!response.ok) return isGone(response.status) ? "gone" : "unreachable";
    const answer = restartedAnswer(known.answer, await response.text());
    if (answer === null) return "gone";
    await applyOffer(connection, made, known.stereo);
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    known.answer = answer;
    known.tag = response.headers.get("etag") ?? "*";
    return "mended";
  } catch (error) {
    // What the network did not do, the description did: a session that cannot be mended is as good as gone.
    return isOfNetwork(error) ? "unreachable" : "gone";
  }
}

async function check(connection: RTCPeerConnection, known: Known, signal: AbortSignal): Promise<Checked> {
  const fragment = restartFragment(connection.localDescription?.sdp ?? "");
  if (fragment === null) return "stale";
  try {
    const { ok, status } = await patch(known, known.tag, fragment, signal);
    if (ok) return "known";
    if (status === 412) return "stale";
    return isGone(status) ? "gone" : "unreachable";
  } catch {
    return "unreachable";
  }
}

async function patch(known: Known, tag: string, body: string, signal: AbortSignal): Promise<Response> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  signal.addEventListener("abort", stop);
  const callOff = after(PATCH_LIMIT_MS, stop);
  try {
    const headers = { "content-type": FRAGMENT, authorization: `Bearer ${known.token}`, "if-match": tag };
    return await fetch(known.url, { method: "PATCH", headers, body, signal: limit.signal });
  } finally {
    callOff();
    signal.removeEventListener("abort", stop);
  }
}

/** Neither asking again nor waiting changes it. A server that is overburdened or just starting says 429 or 5xx. */
function isGone(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

/** `fetch` fails with a TypeError, and with an AbortError when it is given up. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "AbortError");
}

/** `keepalive` lets it outlive the page. */
function leave({ url, token }: Known): void {
  fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(() => undefined);
}
